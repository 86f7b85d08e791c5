import { tf } from '../tf.js';

/** Name of the recording backend. */
export const TRACE_BACKEND = 'gmoe-trace';

/** Whether ops are being recorded into a graph now, instead of computed. */
export function isTracing(): boolean {
  return tf.getBackend() === TRACE_BACKEND;
}

/** Records a kernel that only the trace backend has: ops that ONNX offers and tfjs lacks. */
export function runTraceKernel<T extends tf.Tensor>(
  kernelName: string,
  inputs: Record<string, tf.Tensor>,
  attrs: Record<string, unknown> = {},
): T {
  return tf.engine().runKernel(kernelName, inputs, attrs as tf.NamedAttrMap) as T;
}
