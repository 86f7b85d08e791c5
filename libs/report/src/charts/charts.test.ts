import { describe, expect, it } from 'vitest';
import { summarise } from '../summary/index.js';
import { armTrials, plainResults } from '../testing/results.js';
import { axisChart, numericAxes } from './axis-chart.js';
import { niceRange } from './chart.js';
import { lossCurves } from './curves.js';
import { paretoFront } from './pareto-chart.js';
import { shownArms } from './shown-arms.js';
import { panels } from './panels.js';

describe('lossCurves', () => {
  it('averages windows of steps, then seeds; no jump where one seed ends', () => {
    const [first, second] = plainResults(armTrials('a', [0.5, 0.5])).trials;
    const events = (values: readonly number[]) =>
      values.map((value, i) => ({ time: 0, type: 'step' as const, step: i + 1, metrics: { 'train/loss': value } }));
    const ramp = (length: number, shift: number) => Array.from({ length }, (_, i) => i + 1 + shift);
    const curves = lossCurves([
      { ...first!, events: events(ramp(120, 0)) },
      { ...second!, events: events(ramp(60, 2)) },
    ])!;
    expect(curves).toMatchObject({ metric: 'train/loss', window: 2 });
    const [arm] = curves.arms;
    expect(arm!.seeds[0]!.points[0]).toEqual([2, 1.5]);
    expect(arm!.mean[0]).toEqual({ step: 2, value: 2.5, spread: expect.closeTo(Math.SQRT2, 12) });
    expect(arm!.mean.at(-1)!.step).toBe(60);
  });
});

describe('paretoFront', () => {
  it('keeps what nothing beats on both counts', () => {
    const points = [
      { cost: 1, score: 5 },
      { cost: 2, score: 4 },
      { cost: 2, score: 7 },
      { cost: 3, score: 7 },
      { cost: 4, score: 9 },
    ];
    expect(paretoFront(points, 1, 1).map(({ cost, score }) => [cost, score])).toEqual([
      [1, 5],
      [2, 7],
      [4, 9],
    ]);
    expect(paretoFront(points, -1, -1).map(({ cost, score }) => [cost, score])).toEqual([
      [4, 9],
      [3, 7],
      [2, 4],
    ]);
  });
});

describe('axes of charts', () => {
  it('round steps around the values, within bounds', () => {
    expect(niceRange([0.13, 0.87], 5)).toEqual({ min: 0, max: 1, interval: 0.2 });
    expect(niceRange([12, 120], 5, [0, 100])).toEqual({ min: 0, max: 100, interval: 20 });
    expect(niceRange([3, 3]).max).toBeGreaterThan(3 - 1e-9);
  });

  it('panels fill the width and never overlap', () => {
    const { panels: places, height } = panels(5, { width: 400, columns: 2, panelHeight: 100, left: 50, bottom: 40 });
    expect(places[1]!.left + places[1]!.width).toBeCloseTo(392, 9);
    expect(places[2]!.top).toBeGreaterThan(places[0]!.top + 100);
    expect(places[4]!.top + 100 + 40).toBe(height);
    expect(places.map(({ last }) => last)).toEqual([false, false, false, true, true]);
  });
});

describe('shownArms', () => {
  it('of many arms the reference and the best', () => {
    const many = Array.from({ length: 40 }, (_, i) => armTrials(`arm ${i}`, [0.3 + i / 100, 0.3 + i / 90])).flat();
    const summary = summarise(plainResults(many), { resamples: 100 });
    const { groups, caption } = shownArms(summary, '');
    expect(summary.arms.filter(({ group }) => groups.has(group)).map(({ arm }) => arm)).toEqual([
      'arm 0',
      ...Array.from({ length: 23 }, (_, i) => `arm ${i + 17}`),
    ]);
    expect(caption).toBe(' Shown: the reference and the best 23 of 40 arms.');
  });
});

describe('axisChart', () => {
  const ranks = [1, 2, 4, 8, 16];
  const summary = summarise(
    plainResults(ranks.flatMap((rank) => armTrials(`rank=${rank}`, [0.5 + rank / 100, 0.51 + rank / 100], { rank }))),
  );

  it('draws numeric axes of three values or more, on a log scale where they span much', () => {
    expect(numericAxes(summary, '')).toEqual(['rank']);
    const chart = axisChart(summary, '', 'rank')!;
    for (const rank of ranks) expect(chart.wide).toMatch(new RegExp(`>${rank}</text>`));
    expect(chart.wide).toContain('Accuracy (%)');
    expect(chart.narrow).toContain('viewBox="0 0 358 ');
  });

  it('gives the same bytes twice', () => {
    expect(axisChart(summary, '', 'rank')).toEqual(axisChart(summary, '', 'rank'));
  });
});
