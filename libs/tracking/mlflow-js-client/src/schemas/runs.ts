import { z } from 'zod';
import { LIMITS } from './limits.js';
import {
  experimentId,
  key,
  metricPoint,
  modelId,
  pairsToRecord,
  param,
  runId,
  step,
  tag,
  text,
  timestamp,
  wireInteger,
  wireMetric,
  wirePair,
} from './values.js';

export const runStatus = z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']);
export type RunStatus = z.infer<typeof runStatus>;

export const createRun = z.strictObject({
  experimentId,
  /** Shown in the UI; also stored as the tag `mlflow.runName`. The server invents one if left out. */
  name: text.min(1).max(LIMITS.tagValue).optional(),
  /** Epoch milliseconds; the server would take 0 if it were left out. */
  startTime: timestamp,
  tags: z.record(key, text.max(LIMITS.tagValue)).default({}),
});
export type CreateRun = z.input<typeof createRun>;

export const updateRun = z
  .strictObject({
    runId,
    status: runStatus.optional(),
    endTime: timestamp.optional(),
    name: text.min(1).max(LIMITS.tagValue).optional(),
  })
  .refine((update) => update.endTime === undefined || update.status !== undefined, {
    path: ['endTime'],
    message: 'needs a status: the server ignores it alone',
  });
export type UpdateRun = z.input<typeof updateRun>;

export const batch = z
  .strictObject({
    metrics: z.array(metricPoint).max(LIMITS.metricsPerBatch).default([]),
    params: z.array(param).max(LIMITS.paramsPerBatch).default([]),
    tags: z.array(tag).max(LIMITS.tagsPerBatch).default([]),
  })
  .refine((value) => value.metrics.length + value.params.length + value.tags.length <= LIMITS.itemsPerBatch, {
    message: `at most ${LIMITS.itemsPerBatch} metrics, params and tags in all`,
  })
  .refine((value) => new Set(value.params.map((one) => one.key)).size === value.params.length, {
    path: ['params'],
    message: 'a param may be there once only',
  });
export type Batch = z.input<typeof batch>;
export type CompleteBatch = z.output<typeof batch>;

const inputTags = z.record(text.min(1).max(LIMITS.inputTagKey), text.max(LIMITS.inputTagValue));

export const datasetInput = z.strictObject({
  name: text.min(1).max(LIMITS.datasetName),
  digest: text.min(1).max(LIMITS.datasetDigest),
  sourceType: text.min(1),
  /** Where the data come from; JSON by convention. */
  source: text.max(LIMITS.datasetSource),
  schema: text.max(LIMITS.datasetSchema).optional(),
  profile: text.max(LIMITS.datasetProfile).optional(),
  /** Shown in the UI: `train`, `eval`, ...; becomes the tag `mlflow.data.context`. */
  context: text.max(LIMITS.inputTagValue).optional(),
  tags: inputTags.default({}),
});
export type DatasetInput = z.input<typeof datasetInput>;

export const logInputs = z.strictObject({ runId, datasets: z.array(datasetInput).min(1).max(1000) });
export const logOutputs = z.strictObject({ runId, models: z.array(z.strictObject({ modelId, step })).min(1) });

export const wireRunInfo = z
  .object({
    run_id: z.string(),
    experiment_id: z.string(),
    run_name: z.string().default(''),
    status: runStatus,
    start_time: wireInteger.optional(),
    end_time: wireInteger.optional(),
    artifact_uri: z.string().default(''),
    lifecycle_stage: z.enum(['active', 'deleted']).default('active'),
  })
  .transform((wire) => ({
    runId: wire.run_id,
    experimentId: wire.experiment_id,
    name: wire.run_name,
    status: wire.status,
    startTime: wire.start_time,
    endTime: wire.end_time,
    artifactUri: wire.artifact_uri,
    lifecycleStage: wire.lifecycle_stage,
  }));
export type RunInfo = z.output<typeof wireRunInfo>;

const wireDatasetInput = z
  .object({
    tags: z.array(wirePair).default([]),
    dataset: z.object({
      name: z.string(),
      digest: z.string(),
      source_type: z.string().default(''),
      source: z.string().default(''),
      schema: z.string().optional(),
      profile: z.string().optional(),
    }),
  })
  .transform(({ tags, dataset }) => ({
    name: dataset.name,
    digest: dataset.digest,
    sourceType: dataset.source_type,
    source: dataset.source,
    schema: dataset.schema,
    profile: dataset.profile,
    tags: pairsToRecord(tags),
  }));

export const wireRun = z
  .object({
    info: wireRunInfo,
    data: z
      .object({
        metrics: z.array(wireMetric).default([]),
        params: z.array(wirePair).default([]),
        tags: z.array(wirePair).default([]),
      })
      .prefault({}),
    inputs: z.object({ dataset_inputs: z.array(wireDatasetInput).default([]) }).prefault({}),
    outputs: z
      .object({ model_outputs: z.array(z.object({ model_id: z.string(), step: wireInteger.default(0) })).default([]) })
      .prefault({}),
  })
  .transform(({ info, data, inputs, outputs }) => ({
    info,
    /** The last point of each metric by key. */
    metrics: Object.fromEntries(data.metrics.map((metric) => [metric.key, metric])) as Record<string, MetricValue>,
    params: pairsToRecord(data.params),
    tags: pairsToRecord(data.tags),
    datasets: inputs.dataset_inputs,
    models: outputs.model_outputs.map((model) => ({ modelId: model.model_id, step: model.step })),
  }));
type MetricValue = z.output<typeof wireMetric>;
export type Run = z.output<typeof wireRun>;
