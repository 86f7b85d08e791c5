import { describe, expect, it } from 'vitest';
import { summarise } from '../summary/index.js';
import { armTrials, plainResults } from '../testing/results.js';
import { axisChart, numericAxes } from './axis-chart.js';
import { logTicks, niceRange, tickFormatter } from './axes.js';
import { lossCurves } from './curves.js';
import { paretoFront } from './pareto-chart.js';
import { bestArms } from './best-arms.js';
import { chartScope } from './scope.js';
import { narrowSvg, wideSvg } from './static-svg.js';
import { estimateWidth, wrapText } from './text-layout.js';
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
    const { panels: places, height } = panels(['a', 'b', 'c', 'd', 'e'], {
      width: 400,
      columns: 2,
      panelHeight: 100,
      left: 50,
      bottom: 40,
      measure: estimateWidth,
    });
    expect(places[1]!.left + places[1]!.width).toBeCloseTo(392, 9);
    expect(places[2]!.top).toBeGreaterThan(places[0]!.top + 100);
    expect(places[4]!.top + 100 + 40).toBe(height);
    expect(places.map(({ last }) => last)).toEqual([false, false, false, true, true]);
  });
});

describe('ticks', () => {
  const written = (ticks: number[]) => ticks.map(tickFormatter(ticks));

  it('are told apart by as many digits as it takes', () => {
    expect(written([296_400, 296_600, 296_800, 297_000])).toEqual(['296.4k', '296.6k', '296.8k', '297k']);
    expect(written([0, 0.05, 0.1])).toEqual(['0', '0.05', '0.1']);
    expect(written([-2, 0, 2])).toEqual(['\u22122', '0', '2']);
    expect(written([3e6, 3.0005e6, 3.001e6])).toEqual(['3000k', '3000.5k', '3001k']);
  });

  it('of logarithmic axes are round and few', () => {
    expect(logTicks(3e-5, 0.03)).toEqual([1e-4, 1e-3, 1e-2]);
    expect(logTicks(1, 16)).toEqual([1, 2, 5, 10]);
    expect(logTicks(1e-9, 1e9, 4).length).toBeLessThanOrEqual(5);
  });
});

describe('wrapText', () => {
  it('breaks at separators, else anywhere, and never loses a character', () => {
    const one = (text: string) => text.length;
    expect(wrapText('graph · poisson+normal', 9, 1, one)).toEqual(['graph ·', 'poisson+', 'normal']);
    expect(wrapText('aaaaaaaaaa', 4, 1, one)).toEqual(['aaaa', 'aaaa', 'aa']);
    for (const name of ['理科教科書コーパス・物理と化学', 'пример длинного имени', 'x=1 · y=2'])
      expect(wrapText(name, 5, 1, one).join('').replace(/\s/g, '')).toBe(name.replace(/\s/g, ''));
  });
});

describe('bestArms', () => {
  it('of many arms the reference and the best', () => {
    const many = Array.from({ length: 40 }, (_, i) => armTrials(`arm ${i}`, [0.3 + i / 100, 0.3 + i / 90])).flat();
    const summary = summarise(plainResults(many), { resamples: 100 });
    const { arms, caption } = bestArms(chartScope(summary, ''), 24);
    expect(arms.map(({ arm }) => arm)).toEqual(['arm 0', ...Array.from({ length: 23 }, (_, i) => `arm ${i + 17}`)]);
    expect(caption).toBe(' Shown: the reference and the best 23 of 40 arms.');
  });
});

describe('axisChart', () => {
  const ranks = [1, 2, 4, 8, 16];
  const summary = summarise(
    plainResults(ranks.flatMap((rank) => armTrials(`rank=${rank}`, [0.5 + rank / 100, 0.51 + rank / 100], { rank }))),
  );

  const scope = chartScope(summary, '');

  it('draws numeric axes of three values or more, on a log scale where they span much', () => {
    expect(numericAxes(scope)).toEqual(['rank']);
    const chart = axisChart(scope, 'rank')!;
    const wide = wideSvg(chart);
    for (const rank of [1, 2, 5, 10]) expect(wide).toMatch(new RegExp(`>${rank}</text>`));
    expect(wide).toContain('Accuracy (%)');
    expect(narrowSvg(chart)).toContain('viewBox="0 0 358 ');
  });

  it('gives the same bytes twice', () => {
    expect(wideSvg(axisChart(scope, 'rank')!)).toBe(wideSvg(axisChart(scope, 'rank')!));
  });
});
