import { HostTensor, tf } from '@gmoe/tensor';

/**
 * How a learned positive number is kept valid. `softplus`: the trained value is `log(exp(x) - 1)`, so that the number is
 * positive whatever a step does. `clamp`: the number itself is trained and clamped where it is used, as the authors do.
 */
export const PARAMETERIZATIONS = ['softplus', 'clamp'] as const;
export type Parameterization = (typeof PARAMETERIZATIONS)[number];

/** Trained values [L] that stand for `values`. */
export function encodePositive(values: readonly number[], parameterization: Parameterization): HostTensor {
  return HostTensor.float(parameterization === 'clamp' ? values : values.map((value) => Math.log(Math.expm1(value))));
}

/** The positive numbers [L] of trained values; `clamp` keeps them within [low, high]. */
export function decodePositive(
  trained_L: tf.Tensor1D,
  parameterization: Parameterization,
  low: number,
  high: number,
): tf.Tensor1D {
  if (parameterization === 'softplus') return tf.softplus(trained_L);
  return tf.clipByValue(trained_L, low, high);
}
