import { RandomKey } from '@gmoe/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cosineEdges,
  countEdges,
  fullEdges,
  noEdges,
  normalizedAdjacency,
  randomEdges,
  twinFreeEdges,
  twinGroups,
  type ExpertEdges,
} from './index.js';

const fromPairs = (experts: number, pairs: readonly (readonly [number, number])[]): ExpertEdges =>
  Array.from({ length: experts }, (_, i) =>
    Array.from({ length: experts }, (__, j) => pairs.some(([a, b]) => (a === i && b === j) || (a === j && b === i))),
  );

describe('expert graph', () => {
  it('draws round(density E (E - 1) / 2) symmetric pairs, the same for the same key', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (experts, density, seed) => {
          const key = RandomKey.fromSeed(seed);
          const edges = randomEdges(experts, density, key);
          expect(countEdges(edges)).toBe(Math.round((density * experts * (experts - 1)) / 2));
          expect(edges).toEqual(randomEdges(experts, density, key));
          edges.forEach((row, i) => row.forEach((joined, j) => expect(edges[j]![i]).toBe(joined)));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('finds twins: equal closed neighbourhoods', () => {
    // A lone pair sees the same two nodes; the ends of a path do not.
    expect(twinGroups(fromPairs(4, [[0, 1]]))).toEqual([[0, 1]]);
    expect(
      twinGroups(
        fromPairs(3, [
          [0, 1],
          [1, 2],
        ]),
      ),
    ).toEqual([]);
    expect(twinGroups(fullEdges(5))).toEqual([[0, 1, 2, 3, 4]]);
    expect(twinGroups(noEdges(5))).toEqual([]);
  });

  it('twin-free draws have no twins where that can be, and the same number of edges', () => {
    for (let seed = 0; seed < 40; seed++) {
      const edges = twinFreeEdges(8, 0.1, RandomKey.fromSeed(seed));
      expect(countEdges(edges)).toBe(3);
      expect(twinGroups(edges)).toEqual([]);
    }
    const key = RandomKey.fromSeed(1);
    // One edge among three experts, and a full graph, always have twins.
    expect(twinFreeEdges(3, 0.34, key)).toEqual(randomEdges(3, 0.34, key));
    expect(twinFreeEdges(4, 1, key)).toEqual(fullEdges(4));
  });

  it('lowers the cosine threshold in steps of 0.01 until the density is reached', () => {
    // Angles 0, 10, 80, 97 degrees: |cosines| 0.985 (0-1), 0.956 (2-3), 0.342 (1-2), 0.174 (0-2), 0.122 (0-3), 0.052 (1-3).
    const rows = [0, 10, 80, 97].map((degrees) =>
      Float64Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)),
    );
    // With the diagonal counted, 4 of 16 entries stand at threshold 1: density 0.25 is reached without an edge.
    expect(countEdges(cosineEdges(rows, 0.25, true))).toBe(0);
    expect(cosineEdges(rows, 0.3, true)[0]![1]).toBe(true);
    expect(countEdges(cosineEdges(rows, 0.3, true))).toBe(1);
    // Pairs alone: 2 of 12 entries a pair.
    expect(countEdges(cosineEdges(rows, 0.1, false))).toBe(1);
    expect(countEdges(cosineEdges(rows, 0.25, false))).toBe(2);
    expect(countEdges(cosineEdges(rows, 1, false))).toBe(6);
    // A sign does not matter.
    expect(countEdges(cosineEdges([rows[0]!, rows[0]!.map((v) => -v)], 1, false))).toBe(1);
  });

  it('normalises A = edges + token + self-loops on both sides', () => {
    // python: A=np.array([[1,1,0,1],[1,1,0,1],[0,0,1,1],[1,1,1,1]]); d=A.sum(0)**-.5; (d[:,None]*A*d).round(7).tolist()
    const third = 1 / 3;
    const edge = 1 / Math.sqrt(12);
    const lone = 1 / Math.sqrt(8);
    const want = [third, third, 0, edge, third, third, 0, edge, 0, 0, 0.5, lone, edge, edge, lone, 0.25];
    expect([...normalizedAdjacency(fromPairs(3, [[0, 1]]))]).toEqual(want.map((value) => expect.closeTo(value, 7)));
  });
});
