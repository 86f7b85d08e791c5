import { tf } from '../tf.js';
import { customGradient } from './custom-gradient.js';

/**
 * Rows of `x` by id, differentiable in `x`: the gradient adds up over repeated ids. One scatter backward, where tf.gather's
 * own gradient loops over all rows. x [T, D], ids [N] int32 -> [N, D].
 */
export function gatherRows(x_TD: tf.Tensor2D, ids_N: tf.Tensor1D): tf.Tensor2D {
  const shape = x_TD.shape;
  return customGradient(x_TD, (x: tf.Tensor2D, save) => {
    save([ids_N]);
    return {
      value: tf.gather(x, ids_N),
      gradFunc: (dy_ND: tf.Tensor2D, [ids]) => tf.scatterND(ids!.expandDims(1), dy_ND, shape),
    };
  });
}
