import { z } from 'zod';
import { experimentId, key, pairsToRecord, runId, text, wireInteger, wireModelMetric, wirePair } from './values.js';
import { LIMITS } from './limits.js';

export const createLoggedModel = z.strictObject({
  experimentId,
  name: text
    .min(1)
    .max(LIMITS.key)
    .regex(/^[^/:.%"']*$/, 'must not hold / : . % " or \''),
  modelType: text.optional(),
  /** The run that made it. */
  sourceRunId: runId.optional(),
  params: z.record(key, text.max(LIMITS.paramValue)).default({}),
  tags: z.record(key, text.max(LIMITS.tagValue)).default({}),
});
export type CreateLoggedModel = z.input<typeof createLoggedModel>;

export const loggedModelStatus = z.enum(['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED']);

export const wireLoggedModel = z
  .object({
    info: z.object({
      model_id: z.string(),
      experiment_id: z.string(),
      name: z.string(),
      artifact_uri: z.string(),
      status: loggedModelStatus.or(z.literal('LOGGED_MODEL_STATUS_UNSPECIFIED')),
      model_type: z.string().default(''),
      source_run_id: z.string().optional(),
      creation_timestamp_ms: wireInteger.optional(),
      tags: z.array(wirePair).default([]),
    }),
    data: z
      .object({ params: z.array(wirePair).default([]), metrics: z.array(wireModelMetric).default([]) })
      .prefault({}),
  })
  .transform(({ info, data }) => ({
    modelId: info.model_id,
    experimentId: info.experiment_id,
    name: info.name,
    artifactUri: info.artifact_uri,
    status: info.status,
    modelType: info.model_type,
    sourceRunId: info.source_run_id,
    creationTime: info.creation_timestamp_ms,
    tags: pairsToRecord(info.tags),
    params: pairsToRecord(data.params),
    metrics: data.metrics,
  }));
export type LoggedModel = z.output<typeof wireLoggedModel>;
