import { z } from 'zod';
import { FORMAT_VERSION, jsonSchema } from './format.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** `config.json` of a trial: its resolved config and the identity that follows from it. */
export const trialConfigFileSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  hash,
  group: hash,
  config: z.record(z.string(), jsonSchema),
  configDigest: hash.optional().describe('sha256 of the config in canonical JSON: told apart from an edited one'),
  identity: z
    .record(z.string(), jsonSchema)
    .optional()
    .describe('what the hash is the sha256 of: config without defaults and paths, digests of contents'),
});

export type TrialConfigFile = z.output<typeof trialConfigFileSchema>;
