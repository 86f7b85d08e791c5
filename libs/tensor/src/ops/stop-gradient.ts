import { tf } from '../tf.js';
import { customGradient } from './custom-gradient.js';

/** The value of `x` with a zero gradient. Any shape. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  return customGradient(x, (input: T) => ({ value: input.clone(), gradFunc: (dy: T) => tf.zerosLike(dy) }));
}
