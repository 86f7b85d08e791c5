import { parseOptions, UserError, type Json } from '@gmoe/core';
import { RandomKey } from '@gmoe/tensor';
import { z } from 'zod';
import type { SweepResults } from '../results/sweep-results.js';
import { varianceShares } from '../statistics/index.js';
import { axisValue, groupArms, treatmentAxes, type Arm } from './arms.js';
import { axisEffects, type AxisEffect } from './axis-effects.js';
import { baselineRows } from './baseline-rows.js';
import { compareArms, type ComparisonOptions } from './compare-arms.js';
import { metricDefinition, type MetricDefinition } from './metric-catalog.js';
import { metricValue } from './metric-values.js';
import { summariseArm } from './summarise-arm.js';
import type { ArmSummary, Comparison, FailureSummary, ImportanceSummary, SweepSummary } from './summary.js';
import { headline, readingNotes } from './wording.js';

export const summariseOptionsSchema = z.strictObject({
  metric: z.string().min(1).default('accuracy').describe('compared metric: accuracy, loss, or a name from result.json'),
  reference: z.string().optional().describe('name of the arm that the others are compared with; default: the first'),
  level: z.number().gt(0.5).lt(1).default(0.95).describe('confidence level of intervals; 1 - level is that of tests'),
  resamples: z.int().min(100).max(100_000).default(2000).describe('bootstrap resamples'),
  seed: z.int().min(0).default(0).describe('seed of the bootstrap: the same report twice is the same'),
});

export type SummariseOptions = z.input<typeof summariseOptionsSchema>;

/**
 * Every number of the report, from which its tables, charts and words are made.
 * @throws UserError if an option does not fit, or the reference arm does not exist.
 */
export function summarise(results: SweepResults, options: SummariseOptions = {}): SweepSummary {
  const { metric, reference, level, resamples, seed } = parseOptions(summariseOptionsSchema, options, 'report');
  const primary = metricDefinition(metric);
  const key = RandomKey.fromSeed(seed);
  const arms = groupArms(results.trials);
  const contexts = [...new Set(arms.map((arm) => arm.context))];
  const names = arms.map((arm) => arm.name);
  if (reference !== undefined && !names.includes(reference)) {
    throw new UserError(`report: reference: no arm is named '${reference}'; arms: ${names.join(', ')}`);
  }
  const summaries = markBest(
    arms.map((arm) => summariseArm(arm, primary, level, key)),
    primary,
  );
  if (summaries.every((arm) => arm.metrics[primary.id] === undefined) && summaries.some((a) => a.trials.finished > 0)) {
    const known = [...new Set(results.trials.flatMap(({ result }) => Object.keys(result?.metrics ?? {})))].sort();
    throw new UserError(`report: metric: no trial reported '${metric}'; reported: ${known.join(', ') || 'none'}`);
  }
  const comparisonOptions: ComparisonOptions = { primary, level, resamples, key };
  const comparisons: Comparison[] = [];
  const effects: AxisEffect[] = [];
  for (const context of contexts) {
    const base = referenceIn(arms, context, reference);
    if (!base) continue;
    const here = arms.filter((arm) => arm.context === context);
    const others = here.filter((arm) => arm !== base);
    for (const comparison of compareArms(base, others, comparisonOptions)) comparisons.push(comparison);
    for (const effect of axisEffects(here, base, primary, level)) effects.push(effect);
  }
  const baselines = baselineRows(results.baselines, contexts, arms, primary);
  const of = <T extends { readonly context: string }>(rows: readonly T[], context: string) =>
    rows.filter((row) => row.context === context);
  const states = results.trials.map(({ state }) => state);
  return {
    formatVersion: 1,
    name: results.name,
    description: results.description ?? null,
    createdAt: results.createdAt ?? null,
    primary,
    level,
    seeds: [...new Set(results.trials.map(({ trial }) => trial.seed))].sort((a, b) => a - b),
    contexts,
    trials: {
      total: states.length,
      finished: states.filter((state) => state === 'finished').length,
      failed: states.filter((state) => state === 'failed').length,
      missing: states.filter((state) => state === 'missing').length,
    },
    arms: summaries,
    baselines,
    comparisons,
    effects,
    importance: contexts.flatMap((context) => importanceOf(of(arms, context), context, primary)),
    failures: results.trials.flatMap(failureOf),
    stops: results.stops,
    headline: contexts.map((context) =>
      headline(
        of(summaries, context),
        of(comparisons, context),
        of(effects, context),
        of(baselines, context),
        primary,
        context,
      ),
    ),
    notes: [...(results.remarks ?? []), ...readingNotes(summaries, comparisons, primary)],
    warnings: results.warnings,
    provenance: results.provenance,
  };
}

function markBest(arms: readonly ArmSummary[], primary: MetricDefinition): ArmSummary[] {
  if (primary.better === 'neither') return [...arms];
  const sign = primary.better === 'higher' ? 1 : -1;
  const best = new Map<string, number>();
  for (const arm of arms) {
    const score = arm.metrics[primary.id];
    if (score) best.set(arm.context, Math.max(best.get(arm.context) ?? -Infinity, sign * score.mean));
  }
  return arms.map((arm) => {
    const score = arm.metrics[primary.id];
    return { ...arm, best: score !== undefined && sign * score.mean === best.get(arm.context) };
  });
}

/** The arm of this context that others are compared with: the chosen one, its like under another task, or the first. */
function referenceIn(arms: readonly Arm[], context: string, reference: string | undefined): Arm | undefined {
  const here = arms.filter((arm) => arm.context === context);
  const chosen = arms.find((arm) => arm.name === reference);
  return here.find((arm) => arm === chosen) ?? here.find((arm) => sameTreatment(arm, chosen)) ?? here[0];
}

function sameTreatment(arm: Arm, chosen: Arm | undefined): boolean {
  const text = (axes: Readonly<Record<string, Json>>) => JSON.stringify(Object.entries(treatmentAxes(axes)).sort());
  return chosen !== undefined && Object.keys(chosen.axes).length > 0 && text(arm.axes) === text(chosen.axes);
}

function importanceOf(arms: readonly Arm[], context: string, primary: MetricDefinition): ImportanceSummary[] {
  const trials = arms.flatMap((arm) => {
    const axes = Object.fromEntries(
      Object.entries(treatmentAxes(arm.axes)).map(([axis, value]) => [
        axis,
        typeof value === 'number' ? value : axisValue(value),
      ]),
    );
    return arm.records.flatMap((record) => {
      const value = metricValue(record, primary);
      return value === undefined ? [] : [{ axes, value }];
    });
  });
  const shares = varianceShares(trials);
  if (!shares || shares.axes.length === 0) return [];
  return [{ context, ...shares, interactions: shares.interactions ?? null, seeds: shares.seeds ?? null }];
}

function failureOf({ trial, state, result }: SweepResults['trials'][number]): FailureSummary[] {
  if (state !== 'failed' || result === undefined) return [];
  return [
    {
      arm: trial.arm,
      seed: trial.seed,
      hash: trial.hash,
      kind: result.error?.kind ?? 'error',
      message: result.error?.message ?? 'no reason was recorded',
      attempts: result.attempts,
    },
  ];
}
