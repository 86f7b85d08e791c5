import { z } from 'zod';
import { LIMITS } from './limits.js';
import { key, pairsToRecord, text, wireInteger, wirePair } from './values.js';

export const createExperiment = z.strictObject({
  name: text.min(1).max(LIMITS.experimentName),
  /** Where artifacts go; by default the server's proxy. */
  artifactLocation: text.min(1).optional(),
  tags: z.record(key, text.max(LIMITS.experimentTagValue)).default({}),
});
export type CreateExperiment = z.input<typeof createExperiment>;

export const wireExperiment = z
  .object({
    experiment_id: z.string(),
    name: z.string(),
    artifact_location: z.string().default(''),
    lifecycle_stage: z.enum(['active', 'deleted']).default('active'),
    creation_time: wireInteger.optional(),
    last_update_time: wireInteger.optional(),
    tags: z.array(wirePair).default([]),
  })
  .transform((wire) => ({
    experimentId: wire.experiment_id,
    name: wire.name,
    artifactLocation: wire.artifact_location,
    lifecycleStage: wire.lifecycle_stage,
    creationTime: wire.creation_time,
    lastUpdateTime: wire.last_update_time,
    tags: pairsToRecord(wire.tags),
  }));
export type Experiment = z.output<typeof wireExperiment>;
