import type { DType } from '../../host-tensor.js';
import { tf } from '../../tf.js';
import { ONNX_TYPE, type Attribute, type OnnxType } from '../onnx-proto.js';
import { traceBackend } from '../trace-backend.js';
import { TRACE_BACKEND } from '../trace-state.js';

export type Inputs = Record<string, tf.TensorInfo>;
// Kernel attributes are untyped in tfjs; each lowering states what it expects.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Attributes = any;

/** Records a kernel's ONNX nodes. */
export type Lowering = (inputs: Inputs, attrs: Attributes) => tf.TensorInfo | tf.TensorInfo[];

const lowered = new Set<string>();

/** Registers how a tfjs kernel is written as ONNX nodes. */
export function lower(kernelName: string, lowering: Lowering): void {
  lowered.add(kernelName);
  tf.registerKernel({
    kernelName,
    backendName: TRACE_BACKEND,
    kernelFunc: ({ inputs, attrs }) => lowering(inputs as Inputs, attrs ?? {}),
  });
}

/** Names of all kernels that can be traced. */
export function loweredKernels(): string[] {
  return [...lowered].sort();
}

/** The graph's name for a tensor. */
export function ref(tensor: tf.TensorInfo): string {
  return traceBackend.nameOf(tensor);
}

export function node(
  op: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  domain = '',
): string {
  return traceBackend.builder.node(op, inputs, attributes, domain);
}

export function nodes(
  op: string,
  inputs: readonly string[],
  outputs: number,
  attributes: Readonly<Record<string, Attribute>> = {},
  domain = '',
): readonly string[] {
  return traceBackend.builder.emit(op, inputs, { outputs, attributes, domain });
}

export function int64s(values: readonly number[]): string {
  return traceBackend.builder.int64s(values);
}

export function scalar(value: number, dtype: DType = 'float32'): string {
  return traceBackend.builder.scalar(value, dtype);
}

/** A tensor for a named value. */
export function out(name: string, shape: readonly number[], dtype: string): tf.TensorInfo {
  return traceBackend.tensorInfo(name, shape, dtype as tf.NumericDataType);
}

/** The same tensor under another type; nothing if it has it already. */
export function castName(name: string, from: string, to: OnnxType): string {
  return from === to ? name : node('Cast', [name], { to: ONNX_TYPE[to] });
}

/** Non-negative axes. */
export function axes(axis: number | number[] | undefined, shape: number[]): number[] {
  return tf.util.parseAxisParam(axis as number | number[], shape);
}
