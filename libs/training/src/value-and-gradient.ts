import { beginBackward, mapTree, tf, type TensorTree } from '@gmoe/tensor';

const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

/** Gradient of `loss` with respect to `x`, together with other tensors that the same forward pass made (no gradient). */
export function valueAndGradient<X extends tf.Tensor, Rest extends TensorTree>(
  f: (x: X) => { readonly loss: tf.Scalar; readonly rest: Rest },
  x: X,
): { readonly loss: tf.Scalar; readonly gradient: X; readonly rest: Rest } {
  const kept: tf.Tensor[] = [];
  let rest: TensorTree = {};
  const { value, grad } = tf.valueAndGrad((input: tf.Tensor) => {
    const result = f(input as X);
    // tfjs frees what a differentiated function does not return: hold these until the gradient is done.
    rest = mapTree(result.rest, isTensor, (tensor) => {
      const held = tf.keep(tensor.clone());
      kept.push(held);
      return held;
    }) as TensorTree;
    beginBackward();
    return result.loss;
  })(x);
  const out = mapTree(rest, isTensor, (tensor) => tensor.clone()) as Rest;
  kept.forEach((tensor) => tensor.dispose());
  return { loss: value as tf.Scalar, gradient: grad as X, rest: out };
}
