import { tf } from '../tf.js';
import { takeAlongLast } from './take-along.js';
import { stopGradient } from './stop-gradient.js';

/**
 * Values of each row in descending order, differentiable: the gradient flows back to where each value stood.
 * [T, E] -> [T, E].
 */
export function sortDescending(x_TE: tf.Tensor2D): tf.Tensor2D {
  const { indices } = tf.topk(stopGradient(x_TE), x_TE.shape[1], true);
  return takeAlongLast(x_TE, indices);
}
