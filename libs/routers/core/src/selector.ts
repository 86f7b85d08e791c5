import { componentKind } from '@gmoe/core';
import type { RandomKey, tf } from '@gmoe/tensor';
import type { HostTensors, RouterContext, RouterOutput, RouterSpec, Tensors } from './router.js';

/** Which experts each token uses and with which weights. */
export interface Selection {
  /** 1 where the expert is used. No gradient. [T, E] */
  readonly mask_TE: tf.Tensor2D;
  /** Mixture weights: 0 where not selected; differentiable. Rows sum to 1 where weights are renormalised. [T, E] */
  readonly gates_TE: tf.Tensor2D;
  /**
   * The same by slot, for `expert_form: ffn`, which evaluates one expert a slot: slot j of token t uses expert
   * `ids_TK[t, j]` with weight `weights_TK[t, j]` (0 for an unused slot). [T, K] int32 and [T, K].
   */
  readonly ids_TK: tf.Tensor2D;
  readonly weights_TK: tf.Tensor2D;
  /**
   * 1 where the token was sent, also to an expert that had no room left for it: what balance losses count. Only where
   * it differs from `mask_TE`. [T, E]
   */
  readonly assigned_TE?: tf.Tensor2D;
  /** lambda of each token, of selectors that learn how sparse a choice is (sparsegen). [T] */
  readonly sparsity_T?: tf.Tensor1D;
}

/** What a selector that learns sees beside scores. */
export interface SelectorInput {
  /** Its own tensors, as `init` named them. */
  readonly trainable: Tensors;
  /** The features that the router saw. [T, D] */
  readonly x_TD: tf.Tensor2D;
}

/**
 * Chooses experts from a router's scores: top-k, dense, top-p, switch. Every implementation passes
 * `selectorContract`. What limits an expert's tokens (capacity) is the selector's: it sees all tokens at once.
 */
export interface Selector {
  readonly id: string;
  /**
   * Whether it ranks experts by scores, so that a balancing bias (`selectionScores_TE`) can steer it. Selectors that compute weights
   * from the logits or probabilities themselves say false, and are refused beside such a router.
   */
  readonly ranked?: boolean;
  /**
   * Whether a training batch's tokens are shared out among experts, so that a token's experts depend on the others of its batch:
   * parts of a batch would be shared out otherwise, so that accumulation is refused.
   */
  readonly acrossTokens?: boolean;
  /** Whether, outside of training too, a token's experts depend on later tokens: such a model cannot generate. */
  readonly acausal?: boolean;
  /** Whether it gives `sparsity_T`; losses over that are refused beside other selectors. */
  readonly sparsity?: boolean;
  /** Starting values of what it learns, one layer's; absent if it learns nothing. */
  init?(key: RandomKey, spec: RouterSpec): HostTensors;
  /** K, the number of slots for E experts: k for top-k, E for dense and top-p. */
  slots(experts: number): number;
  /** @param input given to selectors that have `init` */
  select(output: RouterOutput, context: RouterContext, input?: SelectorInput): Selection;
}

export const selectorKind = componentKind<Selector>('selector');
