import type { ProcessIdentity } from '@gmoe/core';
import { z } from 'zod';

const head = { n: z.int().min(0), t: z.int().min(0) };
/** Which of several processes recorded a line; absent of values that stand for the whole run, and in earlier journals. */
const writer = { w: z.string().optional() };
const strings = z.record(z.string(), z.string());
/** JSON has no NaN. */
const value = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);

/** The process that records a run; earlier journals call the start time `start`. */
export const processIdentity = z
  .object({ host: z.string(), pid: z.int(), started: z.string().optional(), start: z.string().optional() })
  .transform(({ host, pid, started, start }): ProcessIdentity => ({ host, pid, started: started ?? start ?? '' }));

export const runStatus = z.enum(['FINISHED', 'FAILED', 'KILLED']);
export type EndStatus = z.infer<typeof runStatus>;

export const datasetFields = z.strictObject({
  name: z.string().min(1).describe('Name of the data set.'),
  digest: z.string().min(1).describe('Hash of its content; MLflow shows the first 36 characters.'),
  context: z.string().default('train').describe('What the run used it for: train, dev, test.'),
  source: z.string().default('').describe('Where it comes from: an address or a path.'),
  sourceType: z.string().default('local').describe('Kind of source as MLflow names them: local, http, huggingface.'),
  schema: z.string().optional().describe('Its columns, as JSON.'),
  profile: z.string().optional().describe('Its statistics, as JSON.'),
});

/** One line of a journal. `n` counts lines from 0, `t` is the time it was recorded, epoch milliseconds. */
export const journalRecord = z.discriminatedUnion('type', [
  z.object({
    ...head,
    ...writer,
    type: z.literal('run'),
    version: z.literal(1),
    id: z.string(),
    experiment: z.string(),
    name: z.string(),
    parent: z.string().optional(),
    process: processIdentity,
  }),
  z.object({ ...head, type: z.literal('params'), params: strings }),
  z.object({ ...head, type: z.literal('tags'), tags: strings }),
  z.object({ ...head, ...writer, type: z.literal('metrics'), step: z.int(), metrics: z.record(z.string(), value) }),
  z.object({ ...head, type: z.literal('artifact'), path: z.string(), file: z.string() }),
  z.object({ ...head, type: z.literal('dataset'), dataset: datasetFields }),
  z.object({
    ...head,
    type: z.literal('model'),
    name: z.string(),
    directory: z.string(),
    modelType: z.string(),
    step: z.int(),
  }),
  z.object({ ...head, type: z.literal('rejected'), reason: z.string(), what: z.string() }),
  z.object({ ...head, ...writer, type: z.literal('end'), status: runStatus }),
]);
export type JournalRecord = z.output<typeof journalRecord>;
export type RunHeader = Extract<JournalRecord, { type: 'run' }>;

export const JOURNAL_SUFFIX = '.spool.jsonl';

/** Ids of runs name files and travel as tags. */
export const RUN_ID = /^[\w.-]{8,128}$/;
