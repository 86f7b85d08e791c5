import type { RandomKey } from '@gmoe/tensor';
import type { TrialRecord } from '../results/sweep-results.js';
import { mean, optionProbabilities, pairwiseAgreement, reliability, type Reliability } from '../statistics/index.js';
import type { Arm } from './arms.js';
import { estimate } from './estimate.js';
import { METRICS, type MetricDefinition } from './metric-catalog.js';
import { loadOf, metricValue } from './metric-values.js';
import { summariseRouting } from './routing.js';
import type { ArmSummary, Estimate, LoadSummary } from './summary.js';

/** All numbers of one arm; `best` is decided by who compares. */
export function summariseArm(arm: Arm, primary: MetricDefinition, level: number, key: RandomKey): ArmSummary {
  const finished = arm.records.filter((record) => record.state === 'finished');
  const metrics: Record<string, Estimate> = {};
  for (const metric of new Set([primary, ...METRICS.filter(({ id }) => id !== primary.id)])) {
    const values = finished.flatMap((record) => {
      const value = metricValue(record, metric);
      return value === undefined ? [] : [{ seed: record.trial.seed, value }];
    });
    const summary = estimate(values, level, key.fold(arm.group).fold(metric.id));
    if (summary) metrics[metric.id] = summary;
  }
  return {
    arm: arm.name,
    group: arm.group,
    axes: arm.axes,
    context: arm.context,
    trials: {
      finished: finished.length,
      failed: arm.records.filter((record) => record.state === 'failed').length,
      missing: arm.records.filter((record) => record.state === 'missing').length,
    },
    metrics,
    best: false,
    load: loadSummary(finished),
    routing: summariseRouting(finished),
    agreement: agreementOf(finished),
    calibration: calibrationOf(finished),
  };
}

function loadSummary(records: readonly TrialRecord[]): LoadSummary | null {
  const loads = records.flatMap((record) => {
    const load = loadOf(record);
    return load === undefined ? [] : [load];
  });
  const first = loads[0];
  if (!first || loads.some((load) => load.length !== first.length)) return null;
  const sorted = loads.length > 1;
  const share = first.map((row, layer) =>
    row.map((_, e) =>
      mean(
        loads.map((load) => {
          const experts = load[layer]!;
          return (sorted ? [...experts].sort((a, b) => b - a)[e] : experts[e]) ?? 0;
        }),
      ),
    ),
  );
  return { share, sorted };
}

function agreementOf(records: readonly TrialRecord[]): number | null {
  const answers = records
    .filter((record) => record.predictions.length > 0)
    .map(
      (record) => new Map(record.predictions.map(({ id, predicted, correct }) => [id, predicted ?? Number(correct)])),
    );
  const first = answers[0];
  if (!first) return null;
  const shared = [...first.keys()].filter((id) => answers.every((map) => map.has(id)));
  return pairwiseAgreement(answers.map((map) => shared.map((id) => map.get(id)!))) ?? null;
}

function calibrationOf(records: readonly TrialRecord[]): Reliability | null {
  const answers = records.flatMap((record) =>
    record.predictions.flatMap(({ scores, predicted, correct, text }) => {
      // Of what a model wrote no option has a probability.
      const confidence =
        text === undefined && scores.length > 1 && predicted !== undefined
          ? optionProbabilities(scores)[predicted]
          : undefined;
      return confidence === undefined || !Number.isFinite(confidence) ? [] : [{ confidence, correct }];
    }),
  );
  return answers.length === 0 ? null : reliability(answers);
}
