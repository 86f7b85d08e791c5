import { float32, uint32 } from './decode.js';
import type { PageDocument } from '../page-data/page-document.js';

export interface TrialCurve {
  readonly trial: number;
  readonly steps: Uint32Array;
  readonly values: Float32Array;
}

/** Curves of each metric, unpacked once. */
export function readCurves({ curves }: PageDocument): Map<string, TrialCurve[]> {
  const grids = curves.grids.map(uint32);
  const values = float32(curves.values);
  const byMetric = new Map<string, TrialCurve[]>();
  let offset = 0;
  for (const [trial, metric, grid] of curves.index) {
    const steps = grids[grid]!;
    const curve = { trial, steps, values: values.subarray(offset, offset + steps.length) };
    offset += steps.length;
    const name = curves.metrics[metric]!;
    const list = byMetric.get(name);
    if (list) list.push(curve);
    else byMetric.set(name, [curve]);
  }
  return byMetric;
}

/**
 * Exponential moving average, weight `w` in [0, 1) on what came before, freed of its bias towards 0 at the start:
 * `m_t = w m_(t-1) + (1 - w) x_t`, shown is `m_t / (1 - w^t)`.
 */
export function smoothed(values: ArrayLike<number>, w: number): number[] {
  let average = 0;
  let weight = 0;
  return Array.from(values, (value) => {
    average = w * average + (1 - w) * value;
    weight = w * weight + (1 - w);
    return average / weight;
  });
}

export interface MeanPoint {
  readonly step: number;
  readonly mean: number;
  /** Standard deviation over seeds, 0 of one. */
  readonly std: number;
}

/** Mean over seeds at the steps that most of them reach: a curve must not jump where one seed ends. */
export function meanCurve(curves: readonly TrialCurve[], w: number): MeanPoint[] {
  const byStep = new Map<number, number[]>();
  for (const { steps, values } of curves) {
    smoothed(values, w).forEach((value, i) => {
      const found = byStep.get(steps[i]!);
      if (found) found.push(value);
      else byStep.set(steps[i]!, [value]);
    });
  }
  let most = 0;
  for (const { length } of byStep.values()) most = Math.max(most, length);
  return [...byStep]
    .filter(([, values]) => 2 * values.length > most)
    .sort(([a], [b]) => a - b)
    .map(([step, values]) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return { step, mean, std: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
    });
}
