import { discrete } from '@gmoe/routers-core';
import { sortDescending, tf } from '@gmoe/tensor';

/**
 * `argmin over the simplex of |p - u|^2 - lambda |p|^2`, lambda < 1 (sparsegen-lin, Laha et al. 2018, arXiv 1810.11975). In closed
 * form: `p_i = max(0, (u_i - tau) / (1 - lambda))`, `tau = (sum of the k largest u - 1 + lambda) / k`, k = the largest number for
 * which `1 - lambda + k u_(k) > sum of the k largest u`. lambda = 0 is sparsemax; towards minus infinity p becomes uniform, towards 1 one-hot.
 * u [T, E], lambda [T] -> the mask of p > 0, without gradient, and p, differentiable in both. [T, E] each
 */
export function sparsegen(u_TE: tf.Tensor2D, lambda_T: tf.Tensor1D): { mask_TE: tf.Tensor2D; p_TE: tf.Tensor2D } {
  const experts = u_TE.shape[1];
  const spread_T1 = tf.sub(1, lambda_T.expandDims(1));
  const tauOf = (sum_T1: tf.Tensor, k_T1: tf.Tensor) => sum_T1.sub(spread_T1).div(k_T1);
  const mask_TE = discrete(u_TE, (scores_TE) => {
    const sorted_TE = sortDescending(scores_TE);
    const sums_TE = sorted_TE.cumsum(1);
    const ranks_1E = tf.range(1, experts + 1, 1, 'float32').reshape([1, experts]);
    const inside_TE = sorted_TE.mul(ranks_1E).add(spread_T1).greater(sums_TE).cast('float32');
    const tau_T1 = tauOf(sorted_TE.mul(inside_TE).sum(1, true), inside_TE.sum(1, true));
    return scores_TE.greater(tau_T1).cast<tf.Tensor2D>('float32');
  });
  const tau_T1 = tauOf(u_TE.mul(mask_TE).sum(1, true), mask_TE.sum(1, true));
  return { mask_TE, p_TE: u_TE.sub(tau_T1).div(spread_T1).mul(mask_TE) };
}
