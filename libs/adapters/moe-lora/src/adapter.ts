import type { LoraOptions } from '@gmoe/adapters-lora';
import type {
  CoordinationContext,
  CoordinationSpec,
  CoordinationStrategy,
  HostTensors,
  Tensors,
} from '@gmoe/coordination-core';
import type { DecoderHooks, ModelConfig } from '@gmoe/model';
import type { Router, Selector } from '@gmoe/routers-core';
import type { RandomKey, tf } from '@gmoe/tensor';
import type { MixtureOptions } from './options.js';

/** What an adapter is made of. Without `mixture` the router, the selector and the strategies must be absent too. */
export interface AdapterSettings {
  readonly config: ModelConfig;
  readonly lora: LoraOptions | null;
  readonly mixture: MixtureOptions | null;
  readonly router?: Router;
  readonly selector?: Selector;
  readonly coordination?: readonly CoordinationStrategy[];
}

/** An adapter's tensors by name (see `NAMES`). */
export interface AdapterParams<T = tf.Tensor> {
  /** Learned by gradient: LoRA factors, router weights, learned parameters of the strategies. */
  readonly trainable: Readonly<Record<string, T>>;
  /** Fixed: expert features, adjacency. */
  readonly frozen: Readonly<Record<string, T>>;
  /** Carried from step to step without gradient: selection biases, accumulated counts. */
  readonly state: Readonly<Record<string, T>>;
}

export interface AdapterInit extends AdapterParams<HostTensors[string]> {
  /** Remarks on the draw, one line each. */
  readonly warnings: readonly string[];
}

/** What holds for one forward pass. */
export interface PassInputs {
  /** 1 for real tokens, 0 for padding. [T] */
  readonly tokenMask_T: tf.Tensor1D;
  /** Dropout, noise and capacity apply only in training. */
  readonly training: boolean;
  /** What `Adapter.draw` gave for this step; only in training. */
  readonly draws?: Tensors;
  /** Where the pass is one of several of an optimizer step. */
  readonly step?: StepPass;
}

/** What a pass of one of a step's accumulated batches knows of the others. */
export interface StepPass {
  /** Real tokens of all batches. */
  readonly tokens: tf.Scalar;
  /** Tokens that earlier batches sent to each expert, layer by layer, [E] each: `BoundAdapter.assigned` added up. */
  readonly assigned: readonly tf.Tensor1D[];
  /** The strategies' sums over the whole step (`BoundAdapter.stepSums` added up); absent while they are collected. */
  readonly totals?: { readonly sums: StepSums; readonly batches: tf.Scalar };
}

/** What each strategy sums over tokens, by its id. */
export type StepSums = Readonly<Record<string, readonly tf.Tensor[]>>;

/** One weighted auxiliary loss. */
export interface CoordinationPart {
  readonly id: string;
  readonly coefficient: number;
  /** Not yet multiplied by the coefficient. */
  readonly loss: tf.Scalar;
}

/** An adapter with parameters, inside a program: give `hooks` to the decoder, then ask for the rest. */
export interface BoundAdapter {
  readonly hooks: DecoderHooks;
  /** What the mixture layers did. @throws Error before the decoder has run through all of them */
  routing(): CoordinationContext;
  /** Tokens sent to each expert, also to one without room for them, padding excluded, layer by layer. Each [E]. */
  assigned(): tf.Tensor1D[];
  /** What the strategies sum over tokens, of this pass alone. */
  stepSums(): StepSums;
  /**
   * The strategies' losses over the routing of the step, values to log (`<strategy>/<name>`), and the strategies' next state. In one
   * pass of several they are the whole step's; their gradients are shares of it (`lossOfStep`).
   */
  coordinate(): { readonly parts: readonly CoordinationPart[]; readonly metrics: Tensors; readonly state: Tensors };
  /** The routers' state after an optimizer step that was this pass alone. */
  nextRouterState(): Tensors;
}

/** Trainable additions to a frozen decoder: plain LoRA, a mixture of LoRA experts, or both. Knows nothing of training. */
export interface Adapter {
  readonly settings: AdapterSettings;
  /** E of each layer; empty without a mixture. */
  readonly expertsPerLayer: readonly number[];
  readonly coordinationSpec: CoordinationSpec;
  init(key: RandomKey): AdapterInit;
  /**
   * Random tensors for one optimizer step over T tokens: dropout masks, router noise, each with the tokens as its first axis, so
   * that accumulated batches take their rows of it. Empty if nothing is random.
   */
  draw(key: RandomKey, tokens: number): HostTensors;
  bind(params: AdapterParams, inputs: PassInputs): BoundAdapter;
  /** The routers' state after an optimizer step, by tokens that each expert served in it, layer by layer. */
  nextRouterState(state: Tensors, loads: readonly tf.Tensor1D[]): Tensors;
}
