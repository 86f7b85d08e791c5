import { describe, expect, it } from 'vitest';
import { HostTensor } from '../host-tensor.js';
import { COMPUTES, INT8_SUFFIX, int8Weights } from '../quantization/int8-weights.js';
import { quantizeRows } from '../quantization/quantize-rows.js';
import { FULL_RANGE, weightRange } from '../quantization/weight-range.js';
import { RandomKey } from '../random-key.js';
import { onBothEngines, relativeError } from '../testing/index.js';
import { tf } from '../tf.js';
import { frozenLinear } from './frozen-linear.js';

const key = RandomKey.fromSeed(3);
const [T, I, O] = [13, 576, 70];
// A column of outliers and a row of zeros: what activations of language models and padding look like.
const x_TI = new HostTensor(
  Float32Array.from(key.fold('x').normal([T, I]).data, (value, i) => (i < I ? 0 : i % I === 7 ? 20 * value : value)),
  [T, I],
);
const weight_OI = key.fold('w').normal([O, I], 0, 0.05);
const dy_TO = key.fold('dy').normal([T, O]);

const program = (frozen: Record<string, tf.Tensor>, x: tf.Tensor2D, dy: tf.Tensor2D) => ({
  y: frozenLinear(x, frozen, 'w'),
  dx: tf.grad((input: tf.Tensor) =>
    frozenLinear(input as tf.Tensor2D, frozen, 'w')
      .mul(dy)
      .sum(),
  )(x),
});

/** Double precision: rows of x quantised if `bits`, times the matrix [inner, columns]. */
function product(
  x: ArrayLike<number>,
  inner: number,
  w: (i: number, o: number) => number,
  columns: number,
  bits: boolean,
) {
  return Array.from({ length: x.length / inner }, (_, t) => {
    const row = Array.from({ length: inner }, (__, i) => x[t * inner + i]!);
    const step = Math.max(...row.map(Math.abs)) / 127;
    const seen = bits && step > 0 ? row.map((value) => step * Math.round(value / step)) : row;
    return Array.from({ length: columns }, (__, o) => seen.reduce((sum, value, i) => sum + value * w(i, o), 0));
  }).flat();
}

describe('frozenLinear', () => {
  it.each(COMPUTES)('%s: value and gradient of both engines are those of double precision', async (compute) => {
    const frozen = await int8Weights({ w: weight_OI }, ['w'], compute);
    const { q, scale } = quantizeRows(weight_OI, await weightRange());
    const w = (o: number, i: number) =>
      compute === 'float32' ? weight_OI.data[o * I + i]! : scale.data[o]! * q.data[o * I + i]!;
    const y = product(x_TI.data, I, (i, o) => w(o, i), O, compute !== 'float32');
    // The scale of the output channel goes into the gradient before its rows are quantised.
    const scaled = Array.from(dy_TO.data, (value, i) => (compute === 'float32' ? value : value * scale.data[i % O]!));
    const unscaled = (o: number, i: number) => (compute === 'float32' ? w(o, i) : q.data[o * I + i]!);
    const dx = product(scaled, O, unscaled, I, compute === 'int8');
    const { compiled, eager } = await onBothEngines(program, frozen, [x_TI, dy_TO]);
    for (const got of [compiled, eager]) {
      expect(relativeError(got.y.data, y)).toBeLessThan(2e-6);
      expect(relativeError(got.dx.data, dx)).toBeLessThan(2e-6);
    }
  });

  it('8 bits stay within the error of their steps', async () => {
    const exact = product(x_TI.data, I, (i, o) => weight_OI.data[o * I + i]!, O, false);
    const { compiled } = await onBothEngines(program, await int8Weights({ w: weight_OI }, ['w'], 'int8'), [
      x_TI,
      dy_TO,
    ]);
    const squares = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0);
    const error = Math.sqrt(squares(exact.map((value, i) => value - compiled.y.data[i]!)) / squares(exact));
    expect(error).toBeGreaterThan(1e-4);
    expect(error).toBeLessThan(0.06);
  });

  it('computes in float32 from weights that are stored in 8 bits, and takes them as they are for 8 bits', async () => {
    const { q, scale } = quantizeRows(weight_OI, FULL_RANGE);
    const stored = { [`w${INT8_SUFFIX.rows}`]: q, [`w${INT8_SUFFIX.scale}`]: scale };
    const w = (i: number, o: number) => scale.data[o]! * q.data[o * I + i]!;
    const { compiled, eager } = await onBothEngines(program, stored, [x_TI, dy_TO]);
    for (const got of [compiled, eager]) {
      expect(relativeError(got.y.data, product(x_TI.data, I, w, O, false))).toBeLessThan(2e-6);
      expect(
        relativeError(
          got.dx.data,
          product(dy_TO.data, O, (o, i) => w(i, o), I, false),
        ),
      ).toBeLessThan(2e-6);
    }

    const ready = await int8Weights(stored, ['w'], 'int8');
    const range = await weightRange();
    const restored = (i: number, o: number) =>
      ready[`w${INT8_SUFFIX.scale}`]!.data[o]! * ready[`w${INT8_SUFFIX.columns}`]!.data[i * O + o]!;
    // Neighbours, in a row or a column, that add up to the range's limit may have lost what was beyond it.
    const columns = ready[`w${INT8_SUFFIX.columns}`]!.data;
    const at = (o: number, i: number) => columns[i * O + o] ?? 0;
    const cut = (o: number, i: number) =>
      Math.abs(at(o, i) + at(o, i ^ 1)) === range.pair || Math.abs(at(o, i) + at(o ^ 1, i)) === range.pair;
    let cuts = 0;
    for (let o = 0; o < O; o++) for (let i = 0; i < I; i++) cuts += cut(o, i) ? 1 : 0;
    expect(cuts).toBeLessThan(0.01 * O * I);
    for (let o = 0; o < O; o++) {
      for (let i = 0; i < I; i++) {
        expect(Math.abs(restored(i, o) - w(i, o))).toBeLessThanOrEqual(
          range === FULL_RANGE ? 0 : cut(o, i) ? 64 * scale.data[o]! : 1.01 * scale.data[o]!,
        );
      }
    }
  });
});
