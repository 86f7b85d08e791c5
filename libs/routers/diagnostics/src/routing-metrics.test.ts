import { describe, expect, it } from 'vitest';
import { addStatistics, routingMetrics, type LayerStatistics } from './index.js';

/** Ten tokens of one layer, one expert each, two domains of five tokens. */
const split: LayerStatistics = {
  selected: [5, 5],
  weights: [5, 5],
  together: [
    [5, 0],
    [0, 5],
  ],
  topProbability: 7,
  margin: 4,
  byDomain: [
    [4, 1],
    [1, 4],
  ],
};
const collapsed: LayerStatistics = {
  selected: [10, 0],
  weights: [10, 0],
  together: [
    [10, 0],
    [0, 0],
  ],
  topProbability: 10,
  margin: 10,
  byDomain: [
    [5, 0],
    [5, 0],
  ],
};

describe('metrics of a routing by hand', () => {
  it('two layers, one split by domain and one collapsed', () => {
    const metrics = routingMetrics({ tokens: 10, examples: 10, layers: [split, collapsed] });
    // 1 - H(0.8) / ln 2 = 0.2780719 and 0; bias 1 / (2 10) / ln 2 and, with one expert that serves, 0.
    expect(metrics).toEqual({
      'routing/entropy': expect.closeTo(0.75, 12),
      'routing/layer_0/entropy': expect.closeTo(1, 12),
      'routing/layer_1/entropy': expect.closeTo(0.5, 12),
      'routing/max_share': 1,
      'routing/layer_0/max_share': 0.5,
      'routing/layer_1/max_share': 1,
      'routing/cv': expect.closeTo(0.5, 12),
      'routing/layer_0/cv': expect.closeTo(0, 12),
      'routing/layer_1/cv': expect.closeTo(1, 12),
      'routing/dead_experts': 1,
      'routing/layer_0/dead_experts': 0,
      'routing/layer_1/dead_experts': 1,
      'routing/confidence': expect.closeTo(0.85, 12),
      'routing/layer_0/confidence': expect.closeTo(0.7, 12),
      'routing/layer_1/confidence': expect.closeTo(1, 12),
      'routing/margin': expect.closeTo(0.7, 12),
      'routing/layer_0/margin': expect.closeTo(0.4, 12),
      'routing/layer_1/margin': expect.closeTo(1, 12),
      'routing/specialisation': expect.closeTo(0.2780719 / 2, 6),
      'routing/specialisation_bias': expect.closeTo(0.0721348 / 2, 6),
      'routing/layer_0/specialisation': expect.closeTo(0.2780719, 6),
      'routing/layer_1/specialisation': expect.closeTo(0, 12),
    });
  });

  it('without domains nothing is said of specialisation; without tokens nothing at all', () => {
    const bare = { ...split, byDomain: [] };
    expect(Object.keys(routingMetrics({ tokens: 10, examples: 0, layers: [bare] })).join()).not.toContain('special');
    expect(routingMetrics({ tokens: 0, examples: 0, layers: [] })).toEqual({});
  });

  it('statistics add up', () => {
    const sum = addStatistics(split, collapsed);
    expect(sum).toMatchObject({ selected: [15, 5], topProbability: 17, margin: 14 });
    expect(sum.together).toEqual([
      [15, 0],
      [0, 5],
    ]);
    expect(sum.byDomain).toEqual([
      [9, 1],
      [6, 4],
    ]);
  });
});
