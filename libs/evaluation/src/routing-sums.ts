import type { BoundRouting } from '@gmoe/adapters-core';
import { gatherRows, linear, takeAlongLast, tf, topKIds } from '@gmoe/tensor';

/** What a mixture layer did with the real tokens of a batch. E experts, N queries, G domains and one column for none. */
export type LayerSums<T = tf.Tensor> = {
  /** Tokens whose selection holds both experts; the diagonal counts each expert's tokens. [E, E] */
  readonly together_EE: T;
  /** Sum of each expert's mixture weights. [E] */
  readonly weights_E: T;
  /** Sums of the largest and of the second largest probability; the latter 0 where there is one expert. [2] */
  readonly top_2: T;
  /** Tokens per domain and expert. [G, E]; only where items have domains. */
  readonly byDomain_GE?: T;
  /** 1 where the query's token uses the expert. [N, E] */
  readonly chosen_NE: T;
};

/** Sums over a batch, layer by layer: a few products as long as the batch and as wide as the experts. */
export function routingSums(
  { layers, tokenMask_T }: ReturnType<BoundRouting['layers']>,
  rows_N: tf.Tensor1D,
  domain_TG: tf.Tensor2D | undefined,
): LayerSums[] {
  const real_T1 = tokenMask_T.expandDims<tf.Tensor2D>(1);
  return layers.map(({ probs_TE, mask_TE, gates_TE }) => {
    const counted_ET = mask_TE.mul<tf.Tensor2D>(real_T1).transpose<tf.Tensor2D>();
    const top_T2 = takeAlongLast(probs_TE, topKIds(probs_TE, Math.min(2, probs_TE.shape[1])));
    const sums = top_T2.mul(real_T1).sum(0);
    return {
      together_EE: linear(counted_ET, counted_ET),
      weights_E: gates_TE.mul(real_T1).sum(0),
      top_2: sums.size === 2 ? sums : tf.concat([sums, tf.zeros([1])]),
      ...(domain_TG ? { byDomain_GE: linear(domain_TG.transpose<tf.Tensor2D>(), counted_ET) } : {}),
      chosen_NE: gatherRows(mask_TE, rows_N),
    };
  });
}
