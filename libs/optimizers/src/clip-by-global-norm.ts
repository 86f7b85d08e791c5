import { tf } from '@gmoe/tensor';

/**
 * The gradient multiplied by `min(1, maxNorm / (norm + 1e-6))`, as PyTorch's clip_grad_norm_; `maxNorm` null leaves it as it
 * is. gradient [N] -> [N], and its norm before.
 */
export function clipByGlobalNorm(
  gradient_N: tf.Tensor1D,
  maxNorm: number | null,
): { readonly gradient_N: tf.Tensor1D; readonly norm: tf.Scalar } {
  const norm = sumOfSquares(gradient_N).sqrt() as tf.Scalar;
  if (maxNorm === null) return { gradient_N, norm };
  return { gradient_N: gradient_N.mul<tf.Tensor1D>(tf.minimum(1, tf.div(maxNorm, norm.add(1e-6)))), norm };
}

/**
 * Sum of squares, row by row of a square and then over the rows: a backend that adds one number after another (wasm) loses
 * sqrt(N) digits of float32 in a long vector. [N] -> scalar
 */
function sumOfSquares(x_N: tf.Tensor1D): tf.Scalar {
  const size = x_N.size;
  const width = Math.ceil(Math.sqrt(size));
  const whole = size - (size % width);
  const sum = x_N.slice(0, whole).reshape([-1, width]).square().sum(1).sum<tf.Scalar>();
  return whole === size ? sum : sum.add(x_N.slice(whole).square().sum());
}
