import { customGradient, tf } from '@gmoe/tensor';

/**
 * A choice computed from scores, as one op with a zero gradient: comparisons and sorts, which tfjs cannot differentiate,
 * may then stand between scores and loss. `choose` may use other tensors; no gradient reaches them either.
 */
export function discrete<Out extends tf.Tensor>(scores_TE: tf.Tensor2D, choose: (scores_TE: tf.Tensor2D) => Out): Out {
  const { shape } = scores_TE;
  return customGradient<tf.Tensor2D, Out>(scores_TE, (scores) => ({
    value: choose(scores),
    gradFunc: () => tf.zeros(shape),
  }));
}
