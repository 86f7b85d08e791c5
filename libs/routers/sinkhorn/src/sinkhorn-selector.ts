import { defineComponent } from '@gmoe/core';
import { discrete, selectorKind, type Selector } from '@gmoe/routers-core';
import { oneHot, takeAlongLast, tf, topKIds } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  k: z.int().min(1).max(1024).default(1).describe('K, experts per token; at most the experts of every layer'),
  iterations: z.int().min(1).max(1000).default(20).describe('rounds in which rows and columns are scaled in turn'),
});

/** As in Megatron-LM, for a column without weight. */
const EPSILON = 1e-8;

/**
 * `exp(z)` with its columns scaled so that rows sum to 1 / T and columns to 1 / E, T the real tokens: Sinkhorn's iterations. The
 * scale of a row does not change its order, and is left out. z [T, E], mask [T] -> [T, E]
 */
export function balancedScores(z_TE: tf.Tensor2D, tokenMask_T: tf.Tensor1D, iterations: number): tf.Tensor2D {
  const experts = z_TE.shape[1];
  const real_T1 = tokenMask_T.expandDims(1);
  const cost_TE = z_TE.sub(z_TE.max(1, true)).exp();
  const counted_TE = cost_TE.mul(real_T1);
  const tokens = real_T1.sum();
  let columns_1E: tf.Tensor = tf.ones([1, experts]);
  for (let i = 0; i < iterations; i++) {
    const rows_T1 = tf.div(1, cost_TE.mul(columns_1E).sum(1, true).add(EPSILON).mul(tokens));
    columns_1E = tf.div(1 / experts, counted_TE.mul(rows_T1).sum(0, true).add(EPSILON));
  }
  return cost_TE.mul(columns_1E);
}

/**
 * Balanced assignment by Sinkhorn's iterations (S-BASE, Clark et al. 2022, arXiv 2202.01169; Megatron-LM `sinkhorn`): in training the
 * k best experts of the balanced scores, in evaluation those of the logits themselves. Weights are `sigmoid(z)` for k = 1, else the
 * router's probabilities, not renormalised, as in Megatron-LM. It iterates a fixed number of times, where Megatron-LM stops at a
 * tolerance. A token's experts depend in training on its batch, so that accumulation is refused.
 */
function createSinkhorn({ k, iterations }: z.output<typeof options>): Selector {
  return {
    id: 'sinkhorn',
    ranked: false,
    acrossTokens: true,
    slots: () => k,
    select({ logits_TE, probs_TE }, { tokenMask_T, training }) {
      const scores_TE = training
        ? discrete(logits_TE, (z_TE) => balancedScores(z_TE, tokenMask_T, iterations))
        : logits_TE;
      const ids_TK = topKIds(scores_TE, k);
      const mask_TE = oneHot(ids_TK, logits_TE.shape[1]).sum(1) as tf.Tensor2D;
      const weights_TE = k === 1 ? tf.sigmoid(logits_TE) : probs_TE;
      const gates_TE = weights_TE.mul<tf.Tensor2D>(mask_TE);
      return { mask_TE, gates_TE, ids_TK, weights_TK: takeAlongLast(gates_TE, ids_TK) };
    },
  };
}

export const sinkhornSelector = defineComponent(selectorKind, {
  id: 'sinkhorn',
  description: 'the k best experts, in training of scores that are balanced over the batch (S-BASE)',
  options,
  create: createSinkhorn,
});
