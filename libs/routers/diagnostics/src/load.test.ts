import { describe, expect, it } from 'vitest';
import {
  coefficientOfVariation,
  coSelection,
  deadExperts,
  loadMetrics,
  loadShares,
  normalizedEntropy,
} from './index.js';

describe('load by hand', () => {
  it('shares of four tokens with the experts {0,1} {0,1} {0,2} {1,2}', () => {
    // Three, three and two of eight assignments.
    expect(loadShares([[3, 3, 2]])).toEqual([[0.375, 0.375, 0.25]]);
    expect(loadShares([[0, 0]])).toEqual([[0, 0]]);
  });

  it('normalised entropy: 1 if even, k/E if k experts share evenly, 1/E for one', () => {
    expect(normalizedEntropy([0.25, 0.25, 0.25, 0.25])).toBeCloseTo(1, 12);
    expect(normalizedEntropy([0.5, 0.5, 0, 0])).toBeCloseTo(0.5, 12);
    expect(normalizedEntropy([1, 0, 0, 0])).toBeCloseTo(0.25, 12);
    // H = 2 (3/8) ln(8/3) + (1/4) ln 4 = 1.0821955: exp(H) / 3
    expect(normalizedEntropy([0.375, 0.375, 0.25])).toBeCloseTo(0.983717, 6);
  });

  it('coefficient of variation: 0 if even, sqrt(E - 1) for one', () => {
    expect(coefficientOfVariation([0.2, 0.2, 0.2, 0.2, 0.2])).toBeCloseTo(0, 12);
    expect(coefficientOfVariation([1, 0, 0, 0, 0])).toBeCloseTo(2, 12);
    // Deviations 1/24, 1/24, -1/12 from 1/3: variance 1/288, times 9 is 1/32.
    expect(coefficientOfVariation([0.375, 0.375, 0.25])).toBeCloseTo(Math.sqrt(1 / 32), 12);
    expect(coefficientOfVariation([0, 0])).toBe(0);
  });

  it('an expert is dead below a hundredth of an even share, or the stated threshold', () => {
    // Even is 0.25; a hundredth of it 0.0025.
    const shares = [0.5, 0.4951, 0.0025, 0.0024];
    expect(deadExperts(shares)).toEqual([3]);
    expect(deadExperts(shares, 0.02)).toEqual([2, 3]);
    expect(deadExperts([1, 0, 0])).toEqual([1, 2]);
  });

  it('metrics over layers', () => {
    const metrics = loadMetrics([
      [0.5, 0.5, 0, 0],
      [0.25, 0, 0, 0.75],
    ]);
    // exp(H) / 4 of (1/4, 3/4): exp(0.562335) / 4. CV: 1, and sqrt((0 + 2/16 + 4/16) / 4) / (1/4) = sqrt(1.5).
    expect(metrics).toEqual({
      'routing/entropy': expect.closeTo((0.5 + 0.438691) / 2, 6),
      'routing/max_share': 0.75,
      'routing/cv': expect.closeTo((1 + Math.sqrt(1.5)) / 2, 12),
      'routing/dead_experts': 4,
      'routing/layer_0/entropy': expect.closeTo(0.5, 12),
      'routing/layer_1/entropy': expect.closeTo(0.438691, 6),
    });
    expect(loadMetrics([])).toEqual({});
  });
});

describe('co-selection', () => {
  it('is the share of tokens that hold both, the diagonal the share that an expert serves', () => {
    const layer = {
      selected: [3, 3, 2],
      weights: [2, 1.5, 0.5],
      together: [
        [3, 2, 1],
        [2, 3, 1],
        [1, 1, 2],
      ],
      topProbability: 2,
      margin: 1,
      byDomain: [],
    };
    expect(coSelection(layer, 4)).toEqual([
      [0.75, 0.5, 0.25],
      [0.5, 0.75, 0.25],
      [0.25, 0.25, 0.5],
    ]);
  });
});
