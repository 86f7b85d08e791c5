import type { TrialRecord } from '../results/sweep-results.js';
import { median } from '../statistics/index.js';
import type { MetricDefinition } from './metric-catalog.js';

/**
 * A finished trial's value of a metric: from its result, else from its last event that has it; for throughput the
 * median. Scores come from the result only: those in events are of the dev split.
 */
export function metricValue(record: TrialRecord, metric: MetricDefinition): number | undefined {
  const result = record.result;
  if (record.state !== 'finished' || result === undefined) return undefined;
  if (metric.id === 'seconds') return result.seconds;
  for (const name of metric.names) {
    const value = result.metrics[name];
    if (value !== undefined && Number.isFinite(value)) return value;
  }
  if (metric.names.some((name) => name.startsWith('eval/'))) return undefined;
  if (metric.id !== 'tokensPerSecond') {
    for (const name of metric.names) {
      const value = record.events.findLast((event) => event.metrics?.[name] !== undefined)?.metrics?.[name];
      if (value !== undefined && Number.isFinite(value)) return value;
    }
    return undefined;
  }
  const seen = record.events.flatMap((event) => event.metrics?.['train/tokens_per_second'] ?? []);
  return seen.length === 0 ? undefined : median(seen);
}

/** Share of tokens per expert [L][E]: from the result, else from the last event that has it. */
export function loadOf(record: TrialRecord): readonly (readonly number[])[] | undefined {
  const stated = record.result?.load ?? record.events.findLast((event) => event.load !== undefined)?.load;
  return stated !== undefined && stated.length > 0 ? stated : undefined;
}
