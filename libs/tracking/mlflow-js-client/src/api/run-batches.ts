import type { CompleteBatch } from '../schemas/runs.js';
import { LIMITS } from '../schemas/limits.js';
import { encodeDouble, type MetricPoint, type Param, type Tag } from '../schemas/values.js';

export interface BatchItems {
  readonly metrics?: readonly MetricPoint[];
  readonly params?: readonly Param[];
  readonly tags?: readonly Tag[];
}

/** JSON body of a batch for one run. */
export function batchBody(runId: string, batch: CompleteBatch): unknown {
  return {
    run_id: runId,
    metrics: batch.metrics.map(({ key, value, timestamp, step, modelId, datasetName, datasetDigest }) => ({
      key,
      value: encodeDouble(value),
      timestamp,
      step,
      ...(modelId !== undefined && { model_id: modelId }),
      ...(datasetName !== undefined && { dataset_name: datasetName }),
      ...(datasetDigest !== undefined && { dataset_digest: datasetDigest }),
    })),
    params: batch.params,
    tags: batch.tags,
  };
}

/** Cuts any number of items into batches within the server's limits, params and tags first. */
export function* splitBatches(items: BatchItems): Generator<CompleteBatch> {
  let batch: CompleteBatch = { metrics: [], params: [], tags: [] };
  let bytes = 0;
  const full = (kind: keyof CompleteBatch, size: number): boolean => {
    const most =
      kind === 'metrics' ? LIMITS.metricsPerBatch : kind === 'params' ? LIMITS.paramsPerBatch : LIMITS.tagsPerBatch;
    const all = batch.metrics.length + batch.params.length + batch.tags.length;
    return batch[kind].length >= most || all >= LIMITS.itemsPerBatch || bytes + size > LIMITS.bodyBytes * 0.9;
  };
  for (const kind of ['params', 'tags', 'metrics'] as const) {
    for (const item of items[kind] ?? []) {
      const size = itemBytes(item);
      if (full(kind, size)) {
        yield batch;
        batch = { metrics: [], params: [], tags: [] };
        bytes = 0;
      }
      (batch[kind] as (typeof item)[]).push(item);
      bytes += size;
    }
  }
  if (bytes > 0) yield batch;
}

/** Upper bound of an item's share of the JSON body. */
export function itemBytes(item: MetricPoint | Param | Tag): number {
  if ('step' in item) {
    const { key, modelId = '', datasetName = '', datasetDigest = '' } = item;
    return key.length * 6 + 100 + (modelId.length + datasetName.length + datasetDigest.length) * 3;
  }
  return JSON.stringify(item).length * 3 + 8;
}
