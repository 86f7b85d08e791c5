import { HostTensor, tf } from '@gmoe/tensor';

/**
 * How a learned positive number is kept valid. `softplus`: the trained value is x in `floor + log(1 + exp(x))`, so that the
 * number is above the floor whatever a step does. `clamp`: the number itself is trained and clamped where it is used, as
 * the authors do; beyond a bound it has no gradient and only weight decay moves it.
 */
export const PARAMETERIZATIONS = ['softplus', 'clamp'] as const;
export type Parameterization = (typeof PARAMETERIZATIONS)[number];

/** What a learned positive number may be. */
export interface PositiveBounds {
  readonly parameterization: Parameterization;
  /** Above this with `softplus`; without it, softplus of a very negative x would be exactly 0 in float32. */
  readonly floor: number;
  /** Within these with `clamp`. */
  readonly clamp: readonly [low: number, high: number];
}

/** Trained values [L] that stand for `values`, which are above the floor. */
export function encodePositive(
  values: readonly number[],
  { parameterization, floor }: Pick<PositiveBounds, 'parameterization' | 'floor'>,
): HostTensor {
  if (parameterization === 'clamp') return HostTensor.float(values);
  return HostTensor.float(values.map((value) => Math.log(Math.expm1(value - floor))));
}

/** The positive numbers [L] of trained values. */
export function decodePositive(
  trained_L: tf.Tensor1D,
  { parameterization, floor, clamp: [low, high] }: PositiveBounds,
): tf.Tensor1D {
  return parameterization === 'clamp' ? tf.clipByValue(trained_L, low, high) : tf.softplus(trained_L).add(floor);
}

/** `decodePositive` outside of programs. */
export function positiveValues(
  trained: HostTensor,
  { parameterization, floor, clamp: [low, high] }: PositiveBounds,
): number[] {
  return Array.from(trained.data, (value) =>
    parameterization === 'clamp'
      ? Math.min(high, Math.max(low, value))
      : floor + Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value))),
  );
}
