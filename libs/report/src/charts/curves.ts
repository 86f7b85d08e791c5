import { largest } from '@gmoe/core/extremes';
import type { TrialRecord } from '../results/sweep-results.js';
import { groupArms } from '../summary/arms.js';
import { mean, sampleStd } from '../statistics/index.js';

/** A curve over training, averaged within windows of steps. */
export interface Curve {
  readonly seed: number;
  readonly points: readonly (readonly [step: number, value: number])[];
}

export interface ArmCurves {
  readonly arm: string;
  readonly group: string;
  readonly context: string;
  readonly seeds: readonly Curve[];
  /** Mean over seeds; `spread` is their standard deviation, 0 for one seed. */
  readonly mean: readonly { readonly step: number; readonly value: number; readonly spread: number }[];
}

export interface Curves {
  readonly metric: string;
  /** Steps per window: every point is the mean of so many steps. */
  readonly window: number;
  readonly arms: readonly ArmCurves[];
}

const MOST_POINTS = 60;

/** Curves of the training loss. */
export function lossCurves(trials: readonly TrialRecord[]): Curves | undefined {
  return trainingCurves(trials, ['train/lm_loss', 'train/loss']);
}

/** Over training, the first of the metrics that any trial logged. */
export function trainingCurves(trials: readonly TrialRecord[], metrics: readonly string[]): Curves | undefined {
  const has = (name: string) =>
    trials.some(({ events }) => events.some((event) => event.metrics?.[name] !== undefined));
  const metric = metrics.find(has);
  if (metric === undefined) return undefined;
  const last = trials.reduce(
    (most, { events }) =>
      largest(
        events.map(({ step }) => step),
        most,
      ),
    0,
  );
  const window = Math.max(1, Math.ceil(last / MOST_POINTS));
  const arms = groupArms(trials).flatMap((arm): ArmCurves[] => {
    const seeds = arm.records
      .map((record) => ({ seed: record.trial.seed, points: binned(record, metric, window) }))
      .filter(({ points }) => points.length > 0);
    if (seeds.length === 0) return [];
    return [{ arm: arm.name, group: arm.group, context: arm.context, seeds, mean: averaged(seeds) }];
  });
  return { metric, window, arms };
}

function binned(record: TrialRecord, metric: string, window: number): [number, number][] {
  const bins = new Map<number, number[]>();
  for (const { step, metrics } of record.events) {
    const value = metrics?.[metric];
    if (value === undefined || !Number.isFinite(value)) continue;
    const bin = Math.ceil(step / window);
    const values = bins.get(bin);
    if (values) values.push(value);
    else bins.set(bin, [value]);
  }
  return [...bins].sort(([a], [b]) => a - b).map(([bin, values]) => [bin * window, mean(values)]);
}

/** Over the steps that most seeds reach: a curve must not jump where one seed ends. */
function averaged(seeds: readonly Curve[]): ArmCurves['mean'] {
  const byStep = new Map<number, number[]>();
  for (const { points } of seeds) {
    for (const [step, value] of points) {
      const values = byStep.get(step);
      if (values) values.push(value);
      else byStep.set(step, [value]);
    }
  }
  const most = largest([...byStep.values()].map((values) => values.length));
  return [...byStep]
    .filter(([, values]) => 2 * values.length > most)
    .sort(([a], [b]) => a - b)
    .map(([step, values]) => ({ step, value: mean(values), spread: values.length < 2 ? 0 : sampleStd(values) }));
}
