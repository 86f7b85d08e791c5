import { z } from 'zod';
import { codeSchema } from './code.js';
import { FORMAT_VERSION, jsonSchema } from './format.js';

/**
 * Why a trial failed. `error`: its own fault (the same again next time); `unknown`: it threw twice, nobody knows why; `time`, `memory`: over its limit;
 * `crash`: its process died more often than retries are allowed; `infrastructure`: disk, network or device.
 */
export const FAILURE_KINDS = ['error', 'unknown', 'time', 'memory', 'crash', 'infrastructure'] as const;

export const trialFailureSchema = z.strictObject({
  kind: z.enum(FAILURE_KINDS),
  message: z.string().describe('one line'),
  stack: z.string().optional(),
});

export type TrialFailure = z.output<typeof trialFailureSchema>;

/** Precision, recall and F1 of one class. */
export const classScoreSchema = z.strictObject({
  name: z.string(),
  support: z.int().min(0).describe('examples whose gold answer is this class'),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
});

const fileSchema = z.strictObject({
  bytes: z.int().min(0),
  sha256: z.string().optional().describe('of its content; absent of the log, which may still grow'),
});

/** What an attempt left, by path below its folder. */
export const fileManifestSchema = z.record(z.string(), fileSchema);

export type FileManifest = z.output<typeof fileManifestSchema>;

/** `result.json`: the outcome of one trial. */
export const trialResultSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  group: z.string().regex(/^[0-9a-f]{64}$/),
  arm: z.string().describe('the arm under which the trial ran; the manifest has the present name'),
  axes: z.record(z.string(), jsonSchema),
  seed: z.int(),
  status: z.enum(['finished', 'failed']),
  error: trialFailureSchema.optional(),
  attempt: z.string().describe('folder of the attempt that was published, under attempts/'),
  files: fileManifestSchema.optional().describe('what was published with it; absent in results of earlier versions'),
  attempts: z.int().min(1).describe('attempts begun until then'),
  startedAt: z.number().describe('milliseconds since 1970'),
  finishedAt: z.number().describe('milliseconds since 1970'),
  seconds: z.number().min(0).describe('wall-clock seconds, earlier attempts up to the resumed checkpoint included'),
  metrics: z.record(z.string(), z.number()),
  load: z.array(z.array(z.number())).optional().describe('share of tokens per expert, [L][E]'),
  classes: z.array(classScoreSchema).optional(),
  code: codeSchema.optional().describe('what made it; absent in results of earlier versions'),
});

export type TrialResult = z.output<typeof trialResultSchema>;
export type ClassScore = z.output<typeof classScoreSchema>;
