import { componentKind } from '@gmoe/core';
import type { HostTensor, RandomKey, tf } from '@gmoe/tensor';

/** What a router is built for: one mixture layer. */
export interface RouterSpec {
  /** D, width of the token features. */
  readonly modelWidth: number;
  /** E, experts in this layer. */
  readonly experts: number;
  /** K, experts per token that the selector will take; capacity-based routers need it. */
  readonly topK: number;
  /** Index of the mixture layer, 0-based. */
  readonly layer: number;
}

/** What holds for one forward pass. */
export interface RouterContext {
  /** 1 for real tokens, 0 for padding. [T] */
  readonly tokenMask_T: tf.Tensor1D;
  /** Whether this pass trains: noise and capacity apply only then. */
  readonly training: boolean;
  /** Standard normal noise [T, E], given in training to routers with `needsNoise`. */
  readonly noise_TE?: tf.Tensor2D;
  /** With gradient accumulation: what selectors that share something out among tokens must know of the other batches. */
  readonly step?: StepUsage;
}

/** An optimizer step of several batches, seen from one of them. */
export interface StepUsage {
  /** Real tokens of all its batches. Scalar. */
  readonly tokens: tf.Scalar;
  /** Tokens that earlier batches sent to each expert of this layer, also to one without room for them. [E] */
  readonly assigned_E: tf.Tensor1D;
}

/** A router's answer for T tokens and E experts. */
export interface RouterOutput {
  /** Scores before normalisation. [T, E] */
  readonly logits_TE: tf.Tensor2D;
  /** Routing probabilities, rows sum to 1 for softmax routers. Losses and mixture weights come from these. [T, E] */
  readonly probs_TE: tf.Tensor2D;
  /** Scores that selection ranks by, where they differ from `probs_TE` (DeepSeek-V3's bias, added noise). [T, E] */
  readonly selectionScores_TE?: tf.Tensor2D;
  /** The linear map that the logits are of the token, of routers that have one: `logits = x W^T`. [E, D] */
  readonly map_ED?: tf.Tensor2D;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, tf.Tensor>>;
export type HostTensors = Readonly<Record<string, HostTensor>>;

/** Starting values of one layer's router. */
export interface RouterInit {
  /** Learned by gradient. */
  readonly trainable: HostTensors;
  /** Fixed for the run and saved with the adapter: expert features, normalised adjacency. */
  readonly frozen: HostTensors;
  /** Carried from step to step without gradient: selection biases. Empty for most. */
  readonly state: HostTensors;
  /** Remarks on the draw that a researcher must know: no edges, twin experts. One line each. */
  readonly warnings: readonly string[];
}

/** How tokens were dispatched in an optimizer step, for routers that carry state. */
export interface RouterUsage {
  /** Tokens per expert, of all batches of the step (padding excluded). [E] */
  readonly load_E: tf.Tensor1D;
  /** Scores of all tokens of the step, for routers that give `stepScores`: what `stepScores` said of their outputs, batch after batch. [T, E] */
  readonly scores_TE?: tf.Tensor2D;
  /** 1 for real tokens of `scores_TE`, 0 for padding. [T] */
  readonly tokenMask_T?: tf.Tensor1D;
}

/** Parameters of one layer as the router sees them inside a program. */
export interface RouterParams {
  readonly trainable: Tensors;
  readonly frozen: Tensors;
  readonly state: Tensors;
}

/**
 * Scores experts for tokens. Pure: parameters and state come in, scores go out. Every implementation passes
 * `routerContract` (finite gradients, equivariance in tokens, padding invariance, eager = compiled, no leaks).
 */
export interface Router {
  readonly id: string;
  readonly needsNoise?: boolean;
  /** Whether it gives `selectionScores_TE`; selectors that do not rank by scores are refused beside it. */
  readonly ranks?: boolean;
  /** Whether it gives `map_ED`; losses over that map are refused beside other routers. */
  readonly linear?: boolean;
  /** What `nextState` must know of each token of the step; absent: the load is enough. [T, E] */
  stepScores?(output: RouterOutput): tf.Tensor2D;
  init(key: RandomKey, spec: RouterSpec): RouterInit;
  route(params: RouterParams, x_TD: tf.Tensor2D, context: RouterContext, spec: RouterSpec): RouterOutput;
  /** Which experts the router's graph joins, 0 or 1 without self-loops, [E][E]; absent if it has no graph. */
  edges?(frozen: HostTensors): number[][];
  /** State after an optimizer step; absent if the router has none. */
  nextState?(state: Tensors, usage: RouterUsage, spec: RouterSpec): Tensors;
}

export const routerKind = componentKind<Router>('router');
