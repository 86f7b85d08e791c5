import { LIMITS, type MetricPoint, type Param, type Tag } from 'mlflow-js-client';
import { mlflowKey, mlflowValue, wellFormed } from './mlflow-values.js';
import type { JournalRecord } from './records.js';

/** What a record becomes in a batch. Uploading and verifying share it, so that they cannot disagree. */
export type BatchItem =
  | { readonly kind: 'metric'; readonly id: string; readonly item: MetricPoint }
  | { readonly kind: 'param'; readonly id: string; readonly item: Param; readonly whole: string }
  | { readonly kind: 'tag'; readonly id: string; readonly item: Tag };

export function batchItems(record: JournalRecord, paramLimit: number): BatchItem[] {
  switch (record.type) {
    case 'metrics':
      return Object.entries(record.metrics).map(([key, value]) => ({
        kind: 'metric',
        id: `${record.n}:metric:${key}`,
        item: { key: mlflowKey(key), value, timestamp: record.t, step: record.step },
      }));
    case 'params':
      return Object.entries(record.params).map(([key, value]) => ({
        kind: 'param',
        id: `${record.n}:param:${key}`,
        item: { key: mlflowKey(key), value: mlflowValue(value, paramLimit) },
        whole: wellFormed(value),
      }));
    case 'tags':
      return Object.entries(record.tags).map(([key, value]) => ({
        kind: 'tag',
        id: `${record.n}:tag:${key}`,
        item: { key: mlflowKey(key), value: mlflowValue(value, LIMITS.tagValue) },
      }));
    default:
      return [];
  }
}

/** Whether something of the record had to be shortened or renamed for MLflow. */
export function overflows(record: JournalRecord, paramLimit: number): boolean {
  const renamed = (values: object): boolean => Object.keys(values).some((key) => mlflowKey(key) !== key);
  switch (record.type) {
    case 'metrics':
      return renamed(record.metrics);
    case 'params':
      return renamed(record.params) || Object.values(record.params).some((value) => value.length > paramLimit);
    case 'tags':
      return renamed(record.tags) || Object.values(record.tags).some((value) => value.length > LIMITS.tagValue);
    default:
      return false;
  }
}
