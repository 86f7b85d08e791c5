import { LIMITS } from 'mlflow-js-client';
import { readJournal } from './journal-reader.js';
import { mlflowKey } from './mlflow-values.js';

/** Everything of a journal that MLflow could not take as it is: long params and tags in full, and renamed keys. */
export function overflowArtifact(journal: string, paramLimit: number): string {
  const params: Record<string, string> = {};
  const tags: Record<string, string> = {};
  const keys: Record<string, string> = {};
  for (const { record } of readJournal(journal)) {
    if (record?.type === 'params') {
      collect(record.params, paramLimit, params);
      rename(record.params, keys);
    } else if (record?.type === 'tags') {
      collect(record.tags, LIMITS.tagValue, tags);
      rename(record.tags, keys);
    } else if (record?.type === 'metrics') rename(record.metrics, keys);
  }
  return `${JSON.stringify({ params, tags, keys }, undefined, 1)}\n`;
}

function collect(values: Readonly<Record<string, string>>, limit: number, into: Record<string, string>): void {
  for (const [key, value] of Object.entries(values)) if (value.length > limit) into[mlflowKey(key)] = value;
}

/** Name in MLflow to the original. */
function rename(values: object, into: Record<string, string>): void {
  for (const key of Object.keys(values)) if (mlflowKey(key) !== key) into[mlflowKey(key)] = key;
}
