import { RandomKey, tf } from '@gmoe/tensor';
import { beforeAll, expect, it } from 'vitest';
import { hydraUpdate } from './hydra-update.js';

const [T, I, O, E, R] = [4, 5, 3, 3, 2];
const SCALING = 1.5;
const key = RandomKey.fromSeed(3);
const draw = (name: string, rows: number, columns: number) =>
  tf.tensor2d(key.fold(name).normal([rows, columns]).data as Float32Array, [rows, columns]);

beforeAll(() => tf.setBackend('cpu'));

/** The definition, one token and one head at a time, in double precision. */
function loop(x: number[][], a: number[][], b: number[][], gates: number[][]): number[][] {
  const dot = (u: readonly number[], v: readonly number[]) => u.reduce((sum, value, i) => sum + value * v[i]!, 0);
  return x.map((token, t) => {
    const inner = a.map((row) => dot(row, token));
    return b.map((row) =>
      gates[t]!.reduce((sum, gate, e) => sum + gate * SCALING * dot(row.slice(e * R, (e + 1) * R), inner), 0),
    );
  });
}

it('equals a loop over tokens and heads, and its central differences', () => {
  const inputs = [draw('x', T, I), draw('a', R, I), draw('b', O, E * R), tf.softmax(draw('g', T, E))] as const;
  const probe = draw('r', T, O);
  const run = (x: tf.Tensor2D, a: tf.Tensor2D, b: tf.Tensor2D, gates: tf.Tensor2D) =>
    hydraUpdate(x, { a, b }, gates, SCALING).update_TO;
  const values = inputs.map((input) => input.arraySync());
  const weights = probe.arraySync();
  const slow = ([x, a, b, gates]: number[][][]) => loop(x!, a!, b!, gates!);
  const got = run(...inputs).arraySync();
  const want = slow(values);
  want.forEach((row, t) => row.forEach((value, o) => expect(got[t]![o]).toBeCloseTo(value, 5)));

  const objective = (at: number[][][]) =>
    slow(at)
      .flatMap((row, t) => row.map((value, o) => value * weights[t]![o]!))
      .reduce((s, v) => s + v, 0);
  const gradients = tf.grads((...t: tf.Tensor[]) =>
    run(...(t as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]))
      .mul(probe)
      .sum(),
  )([...inputs]);
  values.forEach((matrix, n) =>
    matrix.forEach((row, i) =>
      row.forEach((_, j) => {
        const at = (step: number) =>
          objective(values.map((m, k) => (k === n ? m.map((r, p) => (p === i ? r.with(j, r[j]! + step) : r)) : m)));
        // The objective is of degree one in each element: the difference is exact.
        expect((gradients[n]!.arraySync() as number[][])[i]![j]).toBeCloseTo((at(0.5) - at(-0.5)) / 1, 4);
      }),
    ),
  );
});
