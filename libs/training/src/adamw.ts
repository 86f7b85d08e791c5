import { HostTensor, tf, type FlatLayout } from '@gmoe/tensor';
import type { OptimizerOptions } from './options.js';

/** Parameters and both moments, flat vectors [N]. */
export type AdamWState<T = tf.Tensor1D> = {
  readonly params_N: T;
  readonly firstMoment_N: T;
  readonly secondMoment_N: T;
};

/** What the host computes for one optimizer step, in double precision. Scalars. */
export type AdamWControls<T = tf.Scalar> = {
  readonly learningRate: T;
  /** 1 / (1 - beta1^t). */
  readonly firstCorrection: T;
  /** 1 / sqrt(1 - beta2^t). */
  readonly secondCorrection: T;
};

/** Per-element factors [N], present only where they are not 1 everywhere. */
export type AdamWScales<T = tf.Tensor1D> = {
  /** Of the learning rate (LoRA+). */
  readonly rate_N?: T;
  /** Of the weight decay: 1 or 0. */
  readonly decay_N?: T;
};

/**
 * One AdamW step, decoupled decay, epsilon outside of the bias-corrected root (PyTorch's torch.optim.AdamW):
 * `p <- p (1 - lr wd)`, `m <- b1 m + (1 - b1) g`, `v <- b2 v + (1 - b2) g^2`,
 * `p <- p - lr (m / (1 - b1^t)) / (sqrt(v) / sqrt(1 - b2^t) + eps)`. All vectors [N].
 * With `clipNorm` c the gradient is first multiplied by `min(1, c / (norm + 1e-6))`, as clip_grad_norm_ does.
 *
 * @returns the state after the step and the gradient's global norm before clipping
 */
export function adamW(
  { params_N, firstMoment_N, secondMoment_N }: AdamWState,
  gradient_N: tf.Tensor1D,
  { learningRate, firstCorrection, secondCorrection }: AdamWControls,
  { rate_N, decay_N }: AdamWScales,
  {
    betas: [beta1, beta2],
    epsilon,
    weightDecay,
    clipNorm,
  }: Pick<OptimizerOptions, 'betas' | 'epsilon' | 'weightDecay' | 'clipNorm'>,
): { readonly state: AdamWState; readonly gradientNorm: tf.Scalar } {
  const gradientNorm = sumOfSquares(gradient_N).sqrt() as tf.Scalar;
  const g_N =
    clipNorm === null
      ? gradient_N
      : gradient_N.mul<tf.Tensor1D>(tf.minimum(1, tf.div(clipNorm, gradientNorm.add(1e-6))));
  const rate: tf.Tensor = rate_N ? rate_N.mul(learningRate) : learningRate;
  const first = firstMoment_N.mul(beta1).add<tf.Tensor1D>(g_N.mul(1 - beta1));
  const second = secondMoment_N.mul(beta2).add<tf.Tensor1D>(g_N.square().mul(1 - beta2));
  const decay = weightDecay === 0 ? undefined : decay_N ? decay_N.mul(rate.mul(weightDecay)) : rate.mul(weightDecay);
  const decayed = decay ? params_N.mul<tf.Tensor1D>(tf.sub(1, decay)) : params_N;
  const update = first.mul(rate.mul(firstCorrection)).div(second.sqrt().mul(secondCorrection).add(epsilon));
  return {
    state: { params_N: decayed.sub(update), firstMoment_N: first, secondMoment_N: second },
    gradientNorm,
  };
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

/** The controls of step t (1-based). */
export function adamWControls(
  learningRate: number,
  step: number,
  [beta1, beta2]: OptimizerOptions['betas'],
): AdamWControls<HostTensor> {
  return {
    learningRate: HostTensor.scalar(learningRate),
    firstCorrection: HostTensor.scalar(1 / (1 - beta1 ** step)),
    secondCorrection: HostTensor.scalar(1 / Math.sqrt(1 - beta2 ** step)),
  };
}

/** LoRA+'s and the decay groups' factors for a layout. */
export function adamWScales(
  layout: FlatLayout,
  { loraPlusRatio, weightDecayOn, weightDecay }: OptimizerOptions,
): AdamWScales<HostTensor> {
  const isVector = new Map(layout.entries.map(({ name, shape }) => [name, shape.length < 2]));
  return {
    ...(loraPlusRatio === 1
      ? {}
      : { rate_N: layout.fill((name) => (name.endsWith('.lora_B.weight') ? loraPlusRatio : 1)) }),
    ...(weightDecayOn === 'all' || weightDecay === 0
      ? {}
      : { decay_N: layout.fill((name) => (isVector.get(name) ? 0 : 1)) }),
  };
}
