import type { tf } from '../tf.js';
import { takeAlongLast } from './take-along.js';
import { topKIds } from './top-k.js';

/**
 * Values of each row in descending order, differentiable: the gradient flows back to where each value stood.
 * [T, E] -> [T, E].
 */
export function sortDescending(x_TE: tf.Tensor2D): tf.Tensor2D {
  return takeAlongLast(x_TE, topKIds(x_TE, x_TE.shape[1]));
}
