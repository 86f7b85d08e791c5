import { z } from 'zod';
import { FORMAT_VERSION, jsonSchema } from './format.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** `config.json` of a trial: its resolved config and the identity that follows from it. */
export const trialConfigFileSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  hash,
  group: hash,
  config: z.record(z.string(), jsonSchema),
});

export type TrialConfigFile = z.output<typeof trialConfigFileSchema>;
