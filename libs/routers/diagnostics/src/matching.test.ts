import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optimalMatching, routingAgreement } from './index.js';

function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((rest) =>
    Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]),
  );
}

const value = (scores: readonly (readonly number[])[], match: readonly number[]) =>
  match.reduce((sum, column, row) => sum + scores[row]![column]!, 0);

describe('optimal matching', () => {
  it('equals the best of all permutations, n <= 6, ties and negative scores too', () => {
    const all = Array.from({ length: 7 }, (_, n) => permutations(n));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((n) =>
          fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: n, maxLength: n }), {
            minLength: n,
            maxLength: n,
          }),
        ),
        (scores) => {
          const match = optimalMatching(scores);
          expect(match.toSorted((a, b) => a - b)).toEqual(scores.map((_, i) => i));
          expect(value(scores, match)).toBe(Math.max(...all[scores.length]!.map((each) => value(scores, each))));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds a planted permutation of 64 experts', () => {
    const planted = Array.from({ length: 64 }, (_, i) => (37 * i + 11) % 64);
    const scores = planted.map((column, i) =>
      Array.from({ length: 64 }, (_, j) => (j === column ? 1000 : (i * j * 7919) % 997)),
    );
    expect(optimalMatching(scores)).toEqual(planted);
  });

  it('refuses what is not square', () => {
    expect(() => optimalMatching([[1, 2]])).toThrow(/square/);
    expect(optimalMatching([])).toEqual([]);
  });
});

describe('agreement of two routings by hand', () => {
  it('counts what both choose once experts are renamed, and what their loads alone would give', () => {
    // Expert 0 of the first run is 1 of the second (2 tokens), 1 is 0 (1 token); 2 is left with 2, which serves nobody.
    const one = routingAgreement([[0], [0], [1], [2]], [[1], [1], [0], [0]], 3)!;
    expect(one.match).toEqual([1, 0, 2]);
    expect(one.agreement).toBe(0.75);
    // Loads 2, 1, 1 and 2, 2, 0 by rank: (2 2 + 1 2 + 1 0) / 4 of 4 assignments.
    expect(one.chance).toBe(0.375);
    expect(one.kappa).toBeCloseTo(0.6, 12);
  });

  it('is 1 for the same routing under other names', () => {
    const rename = [3, 0, 2, 1];
    const first = [
      [0, 1],
      [2, 1],
      [3, 0],
      [2, 3],
      [1, 3],
      [0, 2],
    ];
    const { agreement, chance, kappa, match } = routingAgreement(
      first,
      first.map((experts) => experts.map((e) => rename[e]!)),
      4,
    )!;
    expect(agreement).toBe(1);
    // Every expert serves half of the tokens.
    expect(chance).toBe(0.5);
    expect(kappa).toBe(1);
    expect(match).toEqual(rename);
  });

  it('says nothing of runs that collapsed onto the same load', () => {
    const collapsed = [
      [0, 1],
      [0, 1],
      [1, 0],
    ];
    expect(routingAgreement(collapsed, collapsed, 4)).toMatchObject({ agreement: 1, chance: 1, kappa: undefined });
    expect(routingAgreement([], [], 4)).toBeUndefined();
  });
});
