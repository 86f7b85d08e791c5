import { componentKind } from '@gmoe/core';
import type { tf } from '@gmoe/tensor';
import type { RouterContext, RouterOutput } from './router.js';

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
}

/**
 * Chooses experts from a router's scores: top-k, dense, top-p, switch. Every implementation passes
 * `selectorContract`. What limits an expert's tokens (capacity) is the selector's: it sees all tokens at once.
 */
export interface Selector {
  readonly id: string;
  /** K, the number of slots for E experts: k for top-k, E for dense and top-p. */
  slots(experts: number): number;
  select(output: RouterOutput, context: RouterContext): Selection;
}

export const selectorKind = componentKind<Selector>('selector');
