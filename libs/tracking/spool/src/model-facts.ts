import type { MetricPoint } from 'mlflow-js-client';
import { readJournal } from './journal-reader.js';
import { OneCurve } from './one-curve.js';
import { batchItems } from './upload-items.js';

/** Evaluations, by what their names begin with, and the split that they are on. */
const EVALUATIONS = [
  ['final/eval/', 'test'],
  ['eval/', 'dev'],
] as const;
const FINAL = 'final/';

/** What a run's journal says about the model that it made. */
export interface ModelFacts {
  readonly params: Readonly<Record<string, string>>;
  /** Finite evaluations and final values, each with the data that it is on; the same points as the run's. */
  readonly metrics: readonly MetricPoint[];
}

/** @param before number of the record of the model */
export function modelFacts(journal: string, before: number, paramLimit: number): ModelFacts {
  const params: Record<string, string> = {};
  const metrics: MetricPoint[] = [];
  const digests = new Map<string, { readonly datasetName: string; readonly datasetDigest: string }>();
  const curve = new OneCurve();
  for (const { record: recorded } of readJournal(journal)) {
    const record = recorded && curve.take(recorded);
    if (!record || record.n >= before) continue;
    if (record.type === 'dataset') {
      const { name, digest, context } = record.dataset;
      digests.set(context, { datasetName: name.slice(0, 500), datasetDigest: digest.slice(0, 36) });
    }
    for (const { kind, item } of batchItems(record, paramLimit)) {
      if (kind === 'param') params[item.key] = item.value;
      if (kind !== 'metric' || !Number.isFinite(item.value)) continue;
      const split = EVALUATIONS.find(([start]) => item.key.startsWith(start))?.[1];
      if (split === undefined && !item.key.startsWith(FINAL)) continue;
      metrics.push({ ...item, ...(split === undefined ? {} : digests.get(split)) });
    }
  }
  return { params, metrics };
}
