import { describe, expect, it } from 'vitest';
import { HostTensor } from '../host-tensor.js';
import { RandomKey } from '../random-key.js';
import { quantizeRows, withinRange, type QuantizedRows } from './quantize-rows.js';
import { FULL_RANGE, HALF_RANGE, PAIRED_RANGE } from './weight-range.js';

const key = RandomKey.fromSeed(9);
const [ROWS, COLUMNS] = [37, 211];
const normal = key.fold('normal').normal([ROWS, COLUMNS], 0, 0.02);
/** Columns whose weights are large in every row, large neighbours, a row of zeros: what the range must not be left for. */
const awkward = new HostTensor(
  Float32Array.from(normal.data, (value, at) => {
    const [row, column] = [Math.floor(at / COLUMNS), at % COLUMNS];
    if (row === 4) return 0;
    if (column === 10 || column === 11) return 0.2 * Math.sign(value);
    return column === 50 ? 0.15 : value;
  }),
  [ROWS, COLUMNS],
);

const restored = ({ q, scale }: QuantizedRows) =>
  Array.from(q.data, (value, at) => value * scale.data[Math.floor(at / COLUMNS)]!);
const meanSquare = (a: ArrayLike<number>, b: readonly number[]) =>
  b.reduce((sum, value, at) => sum + (value - a[at]!) ** 2, 0) / b.length;

/** Sums of 16 bits that saturate, as `vpmaddubsw` has them, and exact ones: of unsigned bytes with q along rows or columns. */
function sums(q: HostTensor, bytes: (i: number) => number, along: 'rows' | 'columns') {
  const [lines, length] = along === 'rows' ? [ROWS, COLUMNS] : [COLUMNS, ROWS];
  const at = (line: number, i: number) => q.data[along === 'rows' ? line * COLUMNS + i : i * COLUMNS + line] ?? 0;
  const clip = (value: number) => Math.max(-32_768, Math.min(32_767, value));
  return Array.from({ length: lines }, (_, line) => {
    let [saturated, exact] = [0, 0];
    for (let i = 0; i < length; i += 2) {
      const next = i + 1 < length ? bytes(i + 1) * at(line, i + 1) : 0;
      const pair = bytes(i) * at(line, i) + next;
      exact += pair;
      saturated += clip(pair);
    }
    return { saturated, exact };
  });
}

describe('quantizeRows', () => {
  it('rounds to the nearest of 255 steps in the full range', () => {
    const { q, scale } = quantizeRows(awkward, FULL_RANGE);
    for (let row = 0; row < ROWS; row++) {
      const values = Array.from(awkward.data.slice(row * COLUMNS, (row + 1) * COLUMNS));
      expect(scale.data[row]).toBe(Math.fround(Math.max(...values.map(Math.abs)) / 127));
      const step = scale.data[row]!;
      values.forEach((value, i) => expect(q.data[row * COLUMNS + i]! + 0).toBe(step && Math.round(value / step) + 0));
    }
  });

  it.each([
    ['normal', normal],
    ['awkward', awkward],
  ])('%s weights in the range of pairs saturate no sum of two products, and beat 7 bits', (_, weight) => {
    const paired = quantizeRows(weight, PAIRED_RANGE);
    for (const along of ['rows', 'columns'] as const) {
      for (const bytes of [() => 255, (i: number) => (i * 97) % 256, () => 0]) {
        for (const { saturated, exact } of sums(paired.q, bytes, along)) expect(saturated).toBe(exact);
      }
    }
    const [full, pairs, half] = [FULL_RANGE, PAIRED_RANGE, HALF_RANGE].map((range) =>
      meanSquare(weight.data, restored(quantizeRows(weight, range))),
    ) as [number, number, number];
    expect(pairs).toBeGreaterThan(full);
    expect(pairs).toBeLessThan(half);
    // 7 bits take four times the error of 8.
    if (weight === normal) expect(pairs / full).toBeLessThan(2.7);
  });

  it('would saturate without that range', () => {
    const { q } = quantizeRows(awkward, FULL_RANGE);
    expect(sums(q, () => 255, 'rows').some(({ saturated, exact }) => saturated !== exact)).toBe(true);
  });
});

describe('withinRange', () => {
  const stored = quantizeRows(awkward, FULL_RANGE);

  it('leaves what is within it as it is', () => {
    expect(withinRange(stored, FULL_RANGE)).toEqual(stored);
    const paired = quantizeRows(awkward, PAIRED_RANGE);
    expect(withinRange(paired, PAIRED_RANGE)).toEqual(paired);
  });

  it('rounds to the nearest of fewer steps in half the range', () => {
    const half = withinRange(stored, HALF_RANGE);
    expect(Math.max(...Array.from(half.q.data, Math.abs))).toBe(64);
    const before = restored(stored);
    restored(half).forEach((value, at) => {
      const step = half.scale.data[Math.floor(at / COLUMNS)]!;
      expect(Math.abs(value - before[at]!)).toBeLessThanOrEqual(0.5001 * step);
    });
  });

  it.each([PAIRED_RANGE, HALF_RANGE])('has rows in coarser steps where it must: %o', (range) => {
    const within = withinRange(stored, range);
    for (const along of ['rows', 'columns'] as const) {
      for (const { saturated, exact } of sums(within.q, () => 255, along)) expect(saturated).toBe(exact);
    }
    const error = meanSquare(awkward.data, restored(within));
    const direct = meanSquare(awkward.data, restored(quantizeRows(awkward, range)));
    expect(error).toBeLessThan(1.8 * direct);
  });
});
