import { describe, expect, it } from 'vitest';
import {
  attention,
  createEngine,
  crossEntropy,
  FlatLayout,
  gatherRows,
  HostTensor,
  linear,
  linearEach,
  RandomKey,
  repeatColumns,
  rmsNorm,
  rope,
  silu,
  sortDescending,
  stopGradient,
  swiglu,
  takeAlongLast,
  tf,
} from '../index.js';

type T = tf.Tensor;
type Case = readonly [name: string, shapes: number[][], f: (...x: T[]) => T];

const angle = tf.tidy(() => Array.from({ length: 3 }, (_, s) => [0.3 * s, 0.1 * s, 0.3 * s, 0.1 * s]));
const cos = () => tf.tensor(angle.map((row) => row.map(Math.cos))).reshape([1, 3, 1, 4]) as tf.Tensor4D;
const sin = () => tf.tensor(angle.map((row) => row.map(Math.sin))).reshape([1, 3, 1, 4]) as tf.Tensor4D;
const causal = () => tf.tensor([0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0], [1, 1, 3, 3]) as tf.Tensor4D;
const layout = new FlatLayout([
  ['a', [2, 3]],
  ['b', [4]],
]);

const cases: Case[] = [
  [
    'linear',
    [
      [3, 4],
      [2, 4],
    ],
    (x, w) => linear(x as tf.Tensor2D, w as tf.Tensor2D),
  ],
  [
    'linearEach',
    [
      [3, 4],
      [2, 4],
      [3, 4],
    ],
    (x, ...w) => {
      const [a, b] = linearEach(x as tf.Tensor2D, w as tf.Tensor2D[]) as [tf.Tensor2D, tf.Tensor2D];
      return tf.concat([b, a.mul(2)], 1);
    },
  ],
  ['silu', [[3, 4]], (x) => silu(x!)],
  [
    'swiglu',
    [
      [3, 4],
      [3, 4],
    ],
    (g, u) => swiglu(g!, u!),
  ],
  ['rmsNorm', [[3, 4], [4]], (x, w) => rmsNorm(x as tf.Tensor2D, w as tf.Tensor1D, 1e-5)],
  ['rope', [[1, 3, 2, 4]], (x) => rope(x as tf.Tensor4D, cos(), sin())],
  [
    'attention with grouped queries',
    [
      [1, 3, 4, 2],
      [1, 3, 2, 2],
      [1, 3, 2, 2],
    ],
    (q, k, v) => attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, causal()),
  ],
  ['sortDescending', [[3, 5]], (x) => sortDescending(x as tf.Tensor2D)],
  [
    'takeAlongLast',
    [[3, 5]],
    (x) =>
      takeAlongLast(
        x as tf.Tensor2D,
        tf.tensor2d(
          [
            [0, 0],
            [4, 1],
            [2, 3],
          ],
          [3, 2],
          'int32',
        ),
      ),
  ],
  ['gatherRows', [[4, 3]], (x) => gatherRows(x as tf.Tensor2D, tf.tensor1d([1, 1, 3], 'int32'))],
  ['crossEntropy', [[3, 5]], (x) => crossEntropy(x as tf.Tensor2D, tf.tensor1d([4, 0, 2], 'int32'))],
  ['repeatColumns', [[3, 2]], (x) => repeatColumns(x as tf.Tensor2D, 3)],
  [
    'FlatLayout.split',
    [[10]],
    (x) => {
      const { a, b } = layout.split(x as tf.Tensor1D);
      return a!.square().sum().add(b!.exp().sum());
    },
  ],
];

const STEP = 1e-2;
/** Relative to the largest gradient: float32 rounding over the step, and the step's square. */
const TOLERANCE = 3e-3;

describe('gradients', () => {
  const key = RandomKey.fromSeed(5);

  it.each(cases)('of %s are those of finite differences, on both engines', async (name, shapes, f) => {
    const inputs = shapes.map((shape, i) => key.fold(name).fold(i).uniform(shape, -1.5, 1.5));
    // A weighted sum, so that every output counts differently.
    const objective = (...x: T[]) => {
      const y = f(...x);
      const weights = Array.from({ length: y.size }, (_, i) => 0.5 + ((i * 7) % 5) / 4);
      return y.mul(tf.tensor(weights, y.shape)).sum() as tf.Scalar;
    };
    const eager = await createEngine({ engine: 'eager', device: 'cpu' });
    const value = eager.jit((_: object, x: T[]) => ({ y: objective(...x) }), { name, frozen: {} });
    const expected: number[][] = [];
    for (const [i, input] of inputs.entries()) {
      const gradient: number[] = [];
      for (let n = 0; n < input.size; n++) {
        const at = async (delta: number) => {
          const data = Float32Array.from(input.data);
          data[n]! += delta;
          const moved = inputs.map((each, j) => (j === i ? new HostTensor(data, input.shape) : each));
          return (await value(moved)).y.item();
        };
        gradient.push(((await at(STEP)) - (await at(-STEP))) / (2 * STEP));
      }
      expected.push(gradient);
    }
    const largest = Math.max(...expected.flat().map(Math.abs));
    for (const engine of [eager, await createEngine({ engine: 'compiled', device: 'cpu' })]) {
      const gradients = await engine.jit((_: object, x: T[]) => ({ g: tf.grads(objective)(x) }), { name, frozen: {} })(
        inputs,
      );
      gradients.g.forEach((gradient, i) =>
        gradient.data.forEach((got, n) => expect(Math.abs(got - expected[i]![n]!) / largest).toBeLessThan(TOLERANCE)),
      );
      await engine.dispose();
    }
  });

  it('stopGradient lets none through', () => {
    const gradient = tf.grad((x) => stopGradient(x).mul(x).sum())(tf.tensor1d([2, 3]));
    expect([...gradient.dataSync()]).toEqual([2, 3]);
  });
});
