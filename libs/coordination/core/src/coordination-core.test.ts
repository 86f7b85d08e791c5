import { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import { onBothEngines } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import {
  coefficientsAt,
  decodePositive,
  encodePositive,
  lossOfStep,
  passSums,
  positiveValues,
  sequenceSum,
  tokenMean,
  type CoordinationContext,
} from './index.js';

const strategy = (id: string, coefficient: number) => ({
  id,
  coefficient,
  init: () => ({ trainable: {}, state: {} }),
  loss: () => ({ loss: tf.scalar(0), metrics: {}, state: {} }),
});

it('takes a coefficient times the factor of its schedule at the step', () => {
  const schedule = { factor: (step: number, steps: number) => step / steps };
  const strategies = [strategy('fixed', 0.5), { ...strategy('rising', 8), schedule: { ...schedule } as never }];
  expect(coefficientsAt(strategies, 3, 12)).toEqual({ fixed: 0.5, rising: 2 });
});

describe('a learned positive number', () => {
  const bounds = { floor: 0.25, clamp: [0.5, 3] as const };

  it.each(['softplus', 'clamp'] as const)('%s: is what it was encoded from, in programs and outside', async (how) => {
    const values = [0.6, 1, 2.5];
    const options = { ...bounds, parameterization: how };
    const trained = encodePositive(values, options);
    const { eager, compiled } = await onBothEngines((_: object, x_L: tf.Tensor1D) => decodePositive(x_L, options), {}, [
      trained,
    ]);
    for (const got of [[...eager.data], [...compiled.data], positiveValues(trained, options)]) {
      expect(got).toHaveLength(3);
      got.forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 5));
    }
  });

  it('stays in its bounds whatever was trained', () => {
    const trained = HostTensor.float([-100, 100]);
    expect(positiveValues(trained, { ...bounds, parameterization: 'clamp' })).toEqual([0.5, 3]);
    expect(positiveValues(trained, { ...bounds, parameterization: 'softplus' })).toEqual([0.25, 100.25]);
  });
});

it('sums over the sequence of each token as a loop does', async () => {
  const [rows, length, experts] = [2, 5, 3];
  const segments = [1, 1, 2, 2, 2, 1, 1, 1, 0, 0];
  const x = RandomKey.fromSeed(4).normal([rows * length, experts], 0, 1);
  const { eager, compiled } = await onBothEngines(
    (_: object, x_TE: tf.Tensor2D, segments_BS: tf.Tensor2D) => {
      const tokenMask_T = segments_BS
        .greater(0)
        .cast('float32')
        .reshape<tf.Tensor1D>([rows * length]);
      return { ...sequenceSum(x_TE, { segments_BS, tokenMask_T }) };
    },
    {},
    [x, HostTensor.int(segments, [rows, length])],
  );
  for (let t = 0; t < rows * length; t++) {
    const mates = segments.flatMap((segment, other) =>
      segment !== 0 && segment === segments[t] && Math.floor(other / length) === Math.floor(t / length) ? [other] : [],
    );
    for (const { sum_TE, length_T, once_T } of [eager, compiled]) {
      expect(length_T.data[t]).toBe(mates.length);
      expect(once_T.data[t]).toBeCloseTo(mates.length === 0 ? 0 : 1 / mates.length, 6);
      for (let e = 0; e < experts; e++) {
        const want = mates.reduce((sum, other) => sum + x.data[other * experts + e]!, 0);
        expect(sum_TE.data[t * experts + e]).toBeCloseTo(want, 5);
      }
    }
  }
});

it('a step of two batches has the mean of one batch of both, and its gradient', () => {
  const values = [
    [1, 2, 3, 100],
    [5, 7, 100, 100],
  ];
  const masks = [
    [1, 1, 1, 0],
    [1, 1, 0, 0],
  ];
  const square = (x_T: tf.Tensor, context: CoordinationContext) => ({
    loss: tokenMean(x_T, context.tokenMask_T, context).square() as tf.Scalar,
    metrics: {},
    state: {},
  });
  const contexts = masks.map((mask): CoordinationContext => ({ layers: [], tokenMask_T: tf.tensor1d(mask) }));
  const sums = values.map((x, i) => passSums((context) => square(tf.tensor1d(x), context), contexts[i]!));
  const totals = { sums: sums[0]!.map((sum, n) => sum.add(sums[1]![n]!)), batches: tf.scalar(2) };
  // The mean of 1, 2, 3, 5, 7 is 3.6; the gradient of its square by each is 2 * 3.6 / 5.
  values.forEach((x, i) => {
    const { value, grad } = tf.valueAndGrad((x_T: tf.Tensor) =>
      lossOfStep((context) => square(x_T, context), contexts[i]!, totals).loss.div<tf.Scalar>(totals.batches),
    )(tf.tensor1d(x));
    expect(value.dataSync()[0]).toBeCloseTo(3.6 ** 2 / 2, 4);
    Array.from(grad.dataSync()).forEach((got, t) => expect(got).toBeCloseTo(masks[i]![t]! * ((2 * 3.6) / 5), 4));
  });
});
