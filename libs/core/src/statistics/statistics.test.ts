import { describe, expect, it } from 'vitest';
import { median, quantileSorted, reliability, softmax } from './index.js';

describe('statistics', () => {
  it('expected calibration error by hand', () => {
    // bin (0.4, 0.6]: 0.5 right, 0.6 wrong -> |1 - 1.1|; bin (0.8, 1]: 0.9 right, 1.0 right -> |2 - 1.9|; over 4
    const answers = [
      { confidence: 0.5, correct: true },
      { confidence: 0.6, correct: false },
      { confidence: 0.9, correct: true },
      { confidence: 1, correct: true },
    ];
    const { ece, bins, count } = reliability(answers, 5);
    expect(ece).toBeCloseTo(0.2 / 4, 12);
    expect(bins.map(({ low, high, count, accuracy }) => [low, high, count, accuracy])).toEqual([
      [0.4, 0.6, 2, 0.5],
      [0.8, 1, 2, 1],
    ]);
    // The error is the bins' own, weighted by their counts.
    const gaps = bins.map((bin) => bin.count * Math.abs(bin.accuracy - bin.confidence));
    expect(ece).toBeCloseTo((gaps[0]! + gaps[1]!) / count, 12);
    expect(reliability([]).ece).toBe(0);
  });

  it('softmax of large scores', () => {
    expect(softmax([1000, 1000 + Math.log(3)])).toEqual([expect.closeTo(0.25, 12), expect.closeTo(0.75, 12)]);
  });

  it('median of odd and even counts, quantiles as numpy', () => {
    expect(median([3, 1, 10])).toBe(3);
    expect(median([4, 1, 10, 2])).toBe(3);
    expect(median([])).toBeNaN();
    // numpy.quantile([1, 2, 4, 10], 0.9)
    expect(quantileSorted([1, 2, 4, 10], 0.9)).toBeCloseTo(8.2, 12);
  });
});
