import type { tf } from '../tf.js';
import type { HostTensor } from '../host-tensor.js';
import type { HostOf } from '../tree.js';
import type { Recompute } from '../trace/recompute.js';

export const ENGINES = ['compiled', 'eager'] as const;
export type EngineName = (typeof ENGINES)[number];

export const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda', 'tensorflow', 'wasm'] as const;
export type DeviceName = (typeof DEVICES)[number];

export interface EngineOptions {
  /** `compiled`: ONNX Runtime (default). `eager`: a tfjs backend. */
  readonly engine?: EngineName;
  /** compiled: cpu | webgpu | cuda. eager: tensorflow | wasm | cpu. `auto` (default) takes the first that works here. */
  readonly device?: DeviceName;
  /** Threads inside one op, compiled engine on the cpu only. Default 1. */
  readonly threads?: number;
  /** What backward passes compute again in place of holding it: less memory, more time, the same bits. Compiled engine on the cpu; default none. */
  readonly recompute?: Recompute;
  /** Writes ONNX Runtime's per-node timings to files with this prefix (compiled engine). */
  readonly profilePrefix?: string;
}

/** A structure of host tensors: objects and arrays nested at will. */
export type HostTree = HostTensor | readonly HostTree[] | { readonly [key: string]: HostTree };

/** A structure of tfjs tensors. */
export type TensorTree = tf.Tensor | readonly TensorTree[] | { readonly [key: string]: TensorTree };

/** A pure function of tensors. Its first argument is the frozen structure; leaves are tfjs tensors. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters are contravariant: only `any` accepts all
export type TensorFunction = (frozen: any, ...args: any[]) => TensorTree;

/** The parameters of a function without the first. */
type Rest<F extends TensorFunction> = Parameters<F> extends [unknown, ...infer Args] ? Args : never;

/** A pure function of tensors, made executable: host tensors in, host tensors out, in the same structures. */
export interface Program<F extends TensorFunction> {
  (...args: HostOf<Rest<F>>): Promise<HostOf<ReturnType<F>>>;
  /** Releases what the program holds. Other programs and the frozen host values stay. */
  dispose(): Promise<void>;
}

export interface JitOptions<Frozen> {
  /** Shown in messages, profiles and caches. */
  readonly name: string;
  /**
   * Weights that no call changes. They are uploaded once per engine (by identity of the host tensor, shared between
   * programs), never copied into the graph's protobuf, and passed to `fn` as its first argument.
   */
  readonly frozen: Frozen;
}

/**
 * Runs pure functions of tensors. A function must not capture tensors, read values (`dataSync`) or draw host randomness
 * (`tf.randomNormal`): state, randomness and data come in as arguments and go out as results. A program is traced on
 * its first call, and again for other shapes of the arguments.
 */
export interface Engine {
  readonly name: EngineName;
  readonly device: Exclude<DeviceName, 'auto'>;
  jit<F extends TensorFunction>(fn: F, options: JitOptions<HostOf<Parameters<F>[0]>>): Program<F>;
  dispose(): Promise<void>;
}
