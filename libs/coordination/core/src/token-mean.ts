import { tf } from '@gmoe/tensor';
import { stepSum } from './step-sum.js';
import type { CoordinationContext } from './strategy.js';

/**
 * Mean over the rows of real tokens, those of all batches of the optimizer step. x [T, ...], mask [T]; without a mask over all
 * rows. Keeps the other axes.
 */
export function tokenMean(
  x: tf.Tensor,
  mask_T: tf.Tensor1D | undefined,
  context: Pick<CoordinationContext, 'stepSum'>,
): tf.Tensor {
  if (!mask_T) return stepSum(x.sum(0), context).div(stepSum(tf.scalar(x.shape[0]!), context));
  const shape = [x.shape[0]!, ...x.shape.slice(1).map(() => 1)];
  return stepSum(x.mul(mask_T.reshape(shape)).sum(0), context).div(tf.maximum(stepSum(mask_T.sum(), context), 1));
}

/** Mean of scalars. */
export function meanOf(values: readonly tf.Tensor[]): tf.Scalar {
  return tf.addN([...values]).div(values.length);
}
