/** Whether ONNX Runtime computes on a device of its own, which has not all that the cpu has. */
export const isAccelerator = (device: string): boolean => device === 'webgpu' || device === 'cuda';
