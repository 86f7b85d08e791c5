import type { CoordinationContext } from '@gmoe/coordination-core';
import type { tf } from '@gmoe/tensor';

/** Tokens that each expert served, padding excluded, layer by layer. Each [E]; sums to K times the number of tokens. */
export function expertCounts({ layers, tokenMask_T }: CoordinationContext): tf.Tensor1D[] {
  return layers.map(({ mask_TE }) => mask_TE.mul(tokenMask_T.expandDims(1)).sum(0) as tf.Tensor1D);
}

/** Tokens that were sent to each expert, also to one that had no room left for them. Each [E]. */
export function assignedCounts({ layers, tokenMask_T }: CoordinationContext): tf.Tensor1D[] {
  return layers.map(
    ({ mask_TE, assigned_TE = mask_TE }) => assigned_TE.mul(tokenMask_T.expandDims(1)).sum(0) as tf.Tensor1D,
  );
}
