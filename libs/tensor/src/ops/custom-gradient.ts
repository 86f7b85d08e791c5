import { tf } from '../tf.js';

/** A value with the rule for its gradient: `gradFunc(dy, saved)` returns the gradient of the input. */
export interface GradientRule<In extends tf.Tensor, Out extends tf.Tensor> {
  readonly value: Out;
  readonly gradFunc: (dy: Out, saved: tf.Tensor[]) => In;
}

/**
 * `tf.customGrad` for one input, with types. What `save` is given comes back in `gradFunc`'s second argument; `gradFunc` must
 * not capture tensors, which tfjs may have freed by then.
 */
export function customGradient<In extends tf.Tensor, Out extends tf.Tensor>(
  x: In,
  rule: (x: In, save: (tensors: tf.Tensor[]) => void) => GradientRule<In, Out>,
): Out {
  return tf.customGrad((input: tf.Tensor | tf.GradSaveFunc, save: tf.Tensor | tf.GradSaveFunc) => {
    const { value, gradFunc } = rule(input as In, save as tf.GradSaveFunc);
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradFunc(dy as Out, saved) };
  })(x) as Out;
}
