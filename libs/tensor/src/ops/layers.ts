import { tf } from '../tf.js';
import { customGradient } from './custom-gradient.js';

/** `x W^T`. x [T, D], weight [O, D] (PyTorch's layout) -> [T, O]. */
export function linear(x_TD: tf.Tensor2D, weight_OD: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(x_TD, weight_OD, false, true);
}

/** `x * sigmoid(x)`; also called swish. Any shape. */
export function silu<T extends tf.Tensor>(x: T): T {
  return customGradient(x, (input: T, save) => {
    const gate = tf.sigmoid(input);
    save([input, gate]);
    return {
      value: input.mul(gate),
      gradFunc: (dy: T, saved) => {
        const [savedInput, savedGate] = saved as [T, T];
        // d/dx x s(x) = s + x s (1 - s)
        return dy.mul(savedGate.mul(savedInput.mul(tf.sub(1, savedGate)).add(1)));
      },
    };
  });
}

/** `silu(gate) * up`, the SwiGLU non-linearity (Shazeer 2020). Same shapes in and out. */
export function swiglu<T extends tf.Tensor>(gate: T, up: T): T {
  return silu(gate).mul(up);
}

/**
 * `x / sqrt(mean(x^2) + eps) * weight` over the last axis (Zhang & Sennrich 2019).
 * x [T, D], weight [D] -> [T, D].
 */
export function rmsNorm(x_TD: tf.Tensor2D, weight_D: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  return rmsNormalize(x_TD, epsilon).mul(weight_D);
}

function rmsNormalize(x_TD: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  return customGradient(x_TD, (x: tf.Tensor2D, save) => {
    const inverse_T1 = x.square().mean<tf.Tensor2D>(-1, true).add(epsilon).rsqrt();
    const normal_TD = x.mul<tf.Tensor2D>(inverse_T1);
    save([normal_TD, inverse_T1]);
    return {
      value: normal_TD,
      gradFunc: (dy: tf.Tensor2D, saved) => {
        const [normal, inverse] = saved as [tf.Tensor2D, tf.Tensor2D];
        return dy.sub(normal.mul(dy.mul(normal).mean(-1, true))).mul(inverse);
      },
    };
  });
}

/** Each column `times` times in a row: [a, b] -> [a, a, b, b]. x [T, E] -> [T, E * times]; differentiable. */
export function repeatColumns(x_TE: tf.Tensor2D, times: number): tf.Tensor2D {
  const [rows, columns] = x_TE.shape;
  if (times === 1) return x_TE;
  return x_TE
    .expandDims<tf.Tensor3D>(2)
    .mul(tf.ones([1, 1, times]))
    .reshape([rows, columns * times]);
}
