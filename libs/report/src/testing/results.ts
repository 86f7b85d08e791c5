import { stableHash, type Json } from '@gmoe/core';
import type { Prediction } from '@gmoe/experiment';
import type { SweepResults, TrialRecord } from '../results/sweep-results.js';

export interface PlainTrial {
  readonly arm: string;
  readonly axes?: Readonly<Record<string, Json>>;
  readonly seed: number;
  readonly accuracy?: number;
  readonly metrics?: Readonly<Record<string, number>>;
  /** Whether each example was answered rightly. */
  readonly answers?: readonly boolean[];
}

/** Results in memory, one finished trial per entry; without `accuracy` and `metrics` it has no result. */
export function plainResults(trials: readonly PlainTrial[], more: Partial<SweepResults> = {}): SweepResults {
  return {
    directory: '.',
    name: 'plain',
    trials: trials.map(plainTrial),
    baselines: [],
    stops: [],
    provenance: {},
    warnings: [],
    ...more,
  };
}

function plainTrial({ arm, axes = {}, seed, accuracy, metrics = {}, answers = [] }: PlainTrial): TrialRecord {
  const group = stableHash({ arm, axes });
  const trial = { hash: stableHash({ group, seed }), group, arm, axes: { ...axes }, seed };
  if (accuracy === undefined && Object.keys(metrics).length === 0) {
    return { trial, state: 'missing', events: [], predictions: [] };
  }
  return {
    trial,
    state: 'finished',
    result: {
      formatVersion: 1,
      ...trial,
      status: 'finished',
      attempt: 'a1',
      attempts: 1,
      startedAt: 0,
      finishedAt: 1000,
      seconds: 1,
      metrics: { ...metrics, ...(accuracy === undefined ? {} : { 'eval/accuracy': accuracy }) },
    },
    events: [],
    predictions: answers.map((correct, i): Prediction => ({
      id: `q${i}`,
      gold: 0,
      predicted: correct ? 0 : 1,
      correct,
      scores: [0.6, 0.4],
    })),
  };
}

/** Trials of one arm, seeds 0, 1, … with these accuracies. */
export function armTrials(arm: string, accuracies: readonly number[], axes: Record<string, Json> = {}): PlainTrial[] {
  return accuracies.map((accuracy, seed) => ({ arm, axes, seed, accuracy }));
}
