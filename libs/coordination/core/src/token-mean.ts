import { tf } from '@gmoe/tensor';

/** Mean over the rows of real tokens. x [T, ...], mask [T]; without a mask over all rows. Keeps the other axes. */
export function tokenMean(x: tf.Tensor, mask_T?: tf.Tensor1D): tf.Tensor {
  if (!mask_T) return x.mean(0);
  const shape = [x.shape[0]!, ...x.shape.slice(1).map(() => 1)];
  return x.mul(mask_T.reshape(shape)).sum(0).div(tf.maximum(mask_T.sum(), 1));
}

/** Mean of scalars. */
export function meanOf(values: readonly tf.Tensor[]): tf.Scalar {
  return tf.addN([...values]).div(values.length);
}
