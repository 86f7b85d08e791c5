import { tf } from '../tf.js';
import { isTracing, runTraceKernel } from '../trace/trace-state.js';
import { customGradient } from './custom-gradient.js';

/** `x W^T`. x [T, D], weight [O, D] (PyTorch's layout) -> [T, O]. */
export function linear(x_TD: tf.Tensor2D, weight_OD: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(x_TD, weight_OD, false, true);
}

/**
 * `x W^T` of several narrow weights in one product, which does them and their gradients faster than a product each. x [T, D], weights
 * [O, D], each its own O -> [T, O] each.
 */
export function linearEach(x_TD: tf.Tensor2D, weights: readonly tf.Tensor2D[]): tf.Tensor2D[] {
  if (weights.length < 2) return weights.map((weight_OD) => linear(x_TD, weight_OD));
  const widths = weights.map(({ shape }) => shape[0]);
  return tf.split(linear(x_TD, tf.concat([...weights], 0)), widths, 1);
}

/** `x * sigmoid(x)`; also called swish. Any shape. */
export function silu<T extends tf.Tensor>(x: T): T {
  return customGradient(x, (input: T, save) => {
    const value = siluValue(input);
    save([input, value]);
    return {
      value,
      gradFunc: (dy: T, saved) => {
        const [savedInput, y] = saved as [T, T];
        const sigmoid = tf.sigmoid(savedInput);
        // d/dx x s(x) = s + y (1 - s) with y = x s(x): no difference of large numbers.
        return dy.mul(sigmoid.add(y.mul(tf.sub(1, sigmoid))));
      },
    };
  });
}

/** `x Phi(x)`, Phi the normal distribution's integral (Hendrycks & Gimpel 2016). Any shape. */
export function gelu<T extends tf.Tensor>(x: T): T {
  return x.mul(tf.erf(x.mul(Math.SQRT1_2)).add(1).mul(0.5));
}

/** The tanh form of GELU: `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`. Any shape. */
export function geluTanh<T extends tf.Tensor>(x: T): T {
  const inner = x.mul(x.square().mul(0.044715).add(1)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(tf.tanh(inner).add(1).mul(0.5));
}

/**
 * `h = silu(gate) * up`, the SwiGLU non-linearity (Shazeer 2020). Same shapes in and out. Its gradient, with s = sigmoid(gate):
 * `dup = dy gate s`, `dgate = dy (h + s (up - h))`.
 */
export function swiglu<T extends tf.Tensor>(gate: T, up: T): T {
  return tf.customGrad((...given: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, y, save] = given as [T, T, tf.GradSaveFunc];
    const value = siluValue(x).mul<T>(y);
    save([x, y, value]);
    return {
      value,
      gradFunc: (dy: T, saved: tf.Tensor[]) => {
        const [gateIn, upIn, h] = saved as [T, T, T];
        const sigmoid = tf.sigmoid(gateIn);
        return [dy.mul(h.add(sigmoid.mul(upIn.sub(h)))), dy.mul<T>(gateIn.mul(sigmoid))];
      },
    };
  })(gate, up) as T;
}

function siluValue<T extends tf.Tensor>(x: T): T {
  return isTracing() ? runTraceKernel<T>('Silu', { x }) : x.mul(tf.sigmoid(x));
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

/**
 * `(x - mean(x)) / sqrt(var(x) + eps) * weight + bias` over the last axis (Ba et al. 2016), with the biased variance.
 * x [T, D], weight and bias [D] -> [T, D].
 */
export function layerNorm(x_TD: tf.Tensor2D, weight_D: tf.Tensor1D, bias_D: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  return rmsNormalize(x_TD.sub(x_TD.mean(-1, true)), epsilon)
    .mul(weight_D)
    .add(bias_D);
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
