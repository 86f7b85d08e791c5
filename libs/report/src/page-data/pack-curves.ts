import type { TrialRecord } from '../results/sweep-results.js';
import { packNumbers } from './pack-numbers.js';
import type { PageCurves } from './page-document.js';

/** Points of all curves together; 4 bytes each. */
const MOST_VALUES = 500_000;
const MOST_POINTS = 240;
const FEWEST_POINTS = 16;
/** A sweep that logs more names than this (layers × losses) keeps those that are not per layer. */
const MOST_METRICS = 60;

const PER_LAYER = /(\.\d+|\/layer_\d+\/.*)$/;

/** Every metric of every trial over training, thinned alike by means over windows of steps. */
export function packCurves(trials: readonly TrialRecord[]): {
  readonly curves: PageCurves;
  readonly leftOut: string[];
} {
  const counts = new Map<string, number>();
  let last = 0;
  for (const { events } of trials) {
    const seen = new Set<string>();
    for (const { step, metrics } of events) {
      last = Math.max(last, step);
      for (const name in metrics) seen.add(name);
    }
    for (const name of seen) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const all = [...counts.keys()].sort();
  const metrics = all.length > MOST_METRICS ? all.filter((name) => !PER_LAYER.test(name)).slice(0, MOST_METRICS) : all;
  const curves = metrics.reduce((sum, name) => sum + counts.get(name)!, 0);
  const points = Math.max(FEWEST_POINTS, Math.min(MOST_POINTS, Math.floor(MOST_VALUES / Math.max(1, curves))));
  const window = Math.max(1, Math.ceil(last / points));

  const place = new Map(metrics.map((name, i) => [name, i]));
  const grids = new Map<string, number>();
  const index: [number, number, number][] = [];
  const values: number[] = [];
  trials.forEach(({ events }, trial) => {
    const bins = metrics.map(() => new Map<number, { sum: number; count: number; step: number }>());
    for (const event of events) {
      for (const name in event.metrics) {
        const metric = place.get(name);
        const value = event.metrics[name]!;
        if (metric === undefined || !Number.isFinite(value)) continue;
        const bin = Math.ceil(event.step / window);
        const found = bins[metric]!.get(bin);
        if (!found) bins[metric]!.set(bin, { sum: value, count: 1, step: event.step });
        else {
          found.sum += value;
          found.count++;
          found.step = Math.max(found.step, event.step);
        }
      }
    }
    bins.forEach((bin, metric) => {
      if (bin.size === 0) return;
      const sorted = [...bin.values()].sort((a, b) => a.step - b.step);
      const grid = packNumbers(Uint32Array.from(sorted, ({ step }) => step));
      if (!grids.has(grid)) grids.set(grid, grids.size);
      index.push([trial, metric, grids.get(grid)!]);
      for (const { sum, count } of sorted) values.push(sum / count);
    });
  });
  return {
    curves: { metrics, grids: [...grids.keys()], index, values: packNumbers(Float32Array.from(values)) },
    leftOut: [
      ...(window > 1 ? [`Every point of a curve is the mean of ${window} steps.`] : []),
      ...(metrics.length < all.length
        ? [`${all.length - metrics.length} metrics of single layers have no curve here.`]
        : []),
    ],
  };
}
