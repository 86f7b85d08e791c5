import { z } from 'zod';
import { FORMAT_VERSION, jsonSchema } from './format.js';
import { stoppingSchema } from './stopping.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** One trial as the sweep names it; its config is in its folder. */
export const plannedTrialSchema = z.strictObject({
  hash,
  group: hash.describe('the arm: the identity without the seed'),
  arm: z.string(),
  axes: z.record(z.string(), jsonSchema).describe('what this arm sets, by axis; composite axes by name'),
  seed: z.int(),
});

export const limitsSchema = z.strictObject({
  memoryMiB: z.number().positive().optional().describe('resident size of a trial, MiB; above it the trial is ended'),
  seconds: z.number().positive().optional().describe('wall clock of one attempt, s; above it the trial is ended'),
  retries: z
    .int()
    .min(0)
    .default(3)
    .describe(
      'further attempts after a process died or its machine failed; a fault of the trial itself is not retried',
    ),
});

/** `sweep.json`: what a sweep consists of at present. Earlier trials stay in the store when the grid changes. */
export const sweepManifestSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  name: z.string(),
  description: z.string().optional(),
  createdAt: z.number().describe('milliseconds since 1970'),
  updatedAt: z.number().describe('milliseconds since 1970'),
  limits: limitsSchema,
  stopping: stoppingSchema.optional(),
  trials: z.array(plannedTrialSchema).min(1),
});

export type PlannedTrial = z.output<typeof plannedTrialSchema>;
export type Limits = z.output<typeof limitsSchema>;
export type SweepManifest = z.output<typeof sweepManifestSchema>;
