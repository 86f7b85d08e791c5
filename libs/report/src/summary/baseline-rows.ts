import { canonicalJson, type Json } from '@gmoe/core';
import type { Baseline } from '@gmoe/experiment';
import type { Arm } from './arms.js';
import type { MetricDefinition } from './metric-catalog.js';
import type { BaselineSummary } from './summary.js';

/** The untouched base, guessing, and the most frequent answer, for each context that has a matching baseline. */
export function baselineRows(
  baselines: readonly Baseline[],
  contexts: readonly string[],
  arms: readonly Arm[],
  primary: MetricDefinition,
): BaselineSummary[] {
  return contexts.flatMap((context) => {
    const baseline = matching(baselines, context, arms);
    if (!baseline) return [];
    const value = primary.names.map((name) => baseline.metrics[name]).find((found) => found !== undefined);
    const rows: BaselineSummary[] = [];
    if (value !== undefined) rows.push({ context, label: 'untrained base', value, kind: 'base' });
    if (primary.id === 'accuracy') {
      if (baseline.majority !== undefined) {
        rows.push({ context, label: 'most frequent answer', value: baseline.majority, kind: 'majority' });
      }
      if (baseline.chance !== undefined) {
        rows.push({ context, label: 'chance', value: baseline.chance, kind: 'chance' });
      }
    }
    return rows;
  });
}

/** The baseline whose task and base are those of the context; the only one where contexts do not differ. */
function matching(baselines: readonly Baseline[], context: string, arms: readonly Arm[]): Baseline | undefined {
  if (context === '') return baselines.length === 1 ? baselines[0] : matchingConfig(baselines, context, arms);
  const parts = context.split(' · ');
  return (
    baselines.find((b) => parts.every((part) => b.task === part || b.base === part)) ??
    matchingConfig(baselines, context, arms)
  );
}

function matchingConfig(baselines: readonly Baseline[], context: string, arms: readonly Arm[]): Baseline | undefined {
  const config = arms.find((arm) => arm.context === context)?.records.find((record) => record.config)?.config;
  if (!config) return undefined;
  const task = (config['task'] as { id?: unknown } | undefined)?.id;
  const { base = null } = config;
  const label = typeof base === 'string' ? base : canonicalJson(base as Json);
  return baselines.find((b) => b.task === task && b.base === label);
}
