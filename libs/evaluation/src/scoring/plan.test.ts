import { describe, expect, it } from 'vitest';
import type { EvaluationItem } from '../item.js';
import { planScoring } from './plan.js';

/** Items of one segment of so many tokens, with one question at its end. */
function planned(lengths: readonly number[], batchSize: number, sequenceLength = 10) {
  const items = lengths.map((length, i) => ({ id: String(i), length })) as unknown as EvaluationItem[];
  const segmentsOf = (_: EvaluationItem, i: number) => {
    const ids = Array<number>(lengths[i]!).fill(1);
    const query = { place: ids.length - 1, candidates: [1, 2], answer: () => undefined };
    return { segments: [{ ids, queries: [query] }], truncated: false };
  };
  return planScoring(items, segmentsOf, { batchSize, sequenceLength, limit: null }, false);
}

describe('planScoring', () => {
  it.each([
    // Eight rows and a bit: three batches of three rows, in place of four.
    { count: 9, batchSize: 4, batches: 3, rows: 3 },
    { count: 8, batchSize: 4, batches: 2, rows: 4 },
    { count: 1, batchSize: 4, batches: 1, rows: 1 },
    { count: 81, batchSize: 4, batches: 21, rows: 4 },
  ])('holds $count full rows in $batches batches of $rows', ({ count, batchSize, batches, rows }) => {
    const plan = planned(Array<number>(count).fill(10), batchSize);
    expect(plan.batches.map(({ batch }) => batch.ids_BS.shape)).toEqual(Array(batches).fill([rows, 10]));
    expect(plan.batches.flatMap(({ queries }) => queries)).toHaveLength(count);
  });

  it('takes more rows than the tokens fill where segments do not go together', () => {
    // Nine tokens a row leave eight empty: five rows at least, though the tokens would fill 2.6.
    const plan = planned(Array<number>(5).fill(9), 8, 17);
    expect(plan.batches.map(({ batch }) => batch.ids_BS.shape)).toEqual([[5, 16]]);
  });

  it('chooses length and number of rows together', () => {
    // First fit by falling length: 11 rows of 212 to 240 hold them, which in batches of four are twelve; twelve of 200 do, too.
    const lengths = [
      119, 112, 111, 111, 110, 109, 109, 108, 106, 105, 104, 101, 98, 93, 90, 85, 80, 76, 70, 66, 63, 63, 63, 61,
    ];
    const plan = planned(lengths, 4, 256);
    expect(plan.batches.map(({ batch }) => batch.ids_BS.shape)).toEqual(Array(3).fill([4, 200]));
  });

  it('makes rows as long as leaves fewest places empty, no longer than asked, and batches no larger', () => {
    // One of 90 and one of 100 fill a row of 192 (99 %); rows of 112 are filled to 85 %, of 256 to 74 %.
    const plan = planned([...Array<number>(10).fill(90), ...Array<number>(10).fill(100)], 4, 256);
    expect(plan.batches.map(({ batch }) => batch.ids_BS.shape)).toEqual([
      [5, 192],
      [5, 192],
    ]);
    expect(plan.tokens).toBe(1900);
  });
});
