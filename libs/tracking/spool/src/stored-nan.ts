import { HttpError, type CallOptions, type MlflowClient } from 'mlflow-js-client';
import type { BatchItem } from './upload-items.js';

/** MLflow 3.6 refuses a NaN point sent again, where it drops any other duplicate. */
export function isStoredNaN(error: unknown): boolean {
  return (
    error instanceof HttpError &&
    /UNIQUE constraint failed: metrics|duplicate key value|Duplicate entry/.test(error.message)
  );
}

/** The items without the NaN points that the server has already. */
export async function withoutStoredNaN(
  client: MlflowClient,
  runId: string,
  items: readonly BatchItem[],
  call: CallOptions,
): Promise<BatchItem[]> {
  const isNaNPoint = (item: BatchItem): boolean => item.kind === 'metric' && Number.isNaN(item.item.value);
  const stored = new Set<string>();
  for (const key of new Set(items.filter(isNaNPoint).map((item) => item.item.key)))
    for await (const point of client.runs.metricHistory(runId, key, call))
      if (Number.isNaN(point.value)) stored.add(`${key} ${point.step} ${point.timestamp}`);
  return items.filter(
    (item) =>
      item.kind !== 'metric' ||
      !isNaNPoint(item) ||
      !stored.has(`${item.item.key} ${item.item.step} ${item.item.timestamp}`),
  );
}
