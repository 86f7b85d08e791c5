import { z } from 'zod';
import { LIMITS } from './limits.js';

const LONE_SURROGATE = /\p{Surrogate}/u;
const KEY_CHARACTERS = /^[\p{L}\p{N}_/.\- :]*$/u;

/** Text without lone surrogates, which have no UTF-8 form. */
export const text = z.string().refine((value) => !LONE_SURROGATE.test(value), 'must be well-formed Unicode');

/** The rule that a key breaks, or undefined. Keys may be used as file names by a server, hence the path rules. */
export function keyProblem(key: string): string | undefined {
  if (key === '') return 'must not be empty';
  if (key.length > LIMITS.key) return `must have at most ${LIMITS.key} characters`;
  if (!KEY_CHARACTERS.test(key))
    return 'may hold letters, digits, underscore, dash, period, space, colon and slash only';
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..'))
    return 'must not start or end with a slash, nor hold //, . or .. as a part';
  return undefined;
}

/** Key of a metric, param or run tag. */
export const key = z.string().superRefine((value, context) => {
  const problem = keyProblem(value);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** Any double, NaN and infinities included. */
export const double = z.custom<number>((value) => typeof value === 'number', 'must be a number');

/** Milliseconds since 1970; a fraction would make the server store zeros. */
export const timestamp = z.int('must be a whole number of milliseconds').min(0);

export const step = z.int('must be a whole number');

export const runId = z.string().regex(/^[a-zA-Z0-9][\w-]{0,255}$/, 'must be a run id');
export const experimentId = z.string().regex(/^[a-zA-Z0-9][\w-]{0,63}$/, 'must be an experiment id');
export const modelId = z.string().regex(/^[a-zA-Z0-9][\w-]{0,255}$/, 'must be a logged model id');

export const metricPoint = z.strictObject({
  key,
  value: double,
  timestamp,
  step,
  /** The logged model that the value is of (MLflow 3). */
  modelId: modelId.optional(),
  /** The data it was measured on, named as in {@link Runs.logInputs}. */
  datasetName: text.max(LIMITS.datasetName).optional(),
  datasetDigest: text.max(LIMITS.datasetDigest).optional(),
});
export const param = z.strictObject({ key, value: text.max(LIMITS.paramValue) });
export const tag = z.strictObject({ key, value: text.max(LIMITS.tagValue) });

/** One point of a metric: `timestamp` in epoch milliseconds. */
export type MetricPoint = z.infer<typeof metricPoint>;
export type Param = z.infer<typeof param>;
export type Tag = z.infer<typeof tag>;

/** JSON has no NaN; MLflow takes these three as strings. */
export function encodeDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** A double in an answer: a number, or the text of one. */
export const wireDouble = z.union([
  z.number(),
  // No enum: TypeScript writes its declaration with a key that is no TypeScript.
  z.literal(['NaN', 'Infinity', '-Infinity']).transform(Number),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/)
    .transform(Number),
]);

/** A 64-bit integer in an answer: a number, or its digits (proto JSON). */
export const wireInteger = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
]);

const wirePoint = {
  key: z.string(),
  value: wireDouble,
  timestamp: wireInteger.default(0),
  step: wireInteger.default(0),
};
export const wireMetric = z.object(wirePoint);

/** A metric of a logged model. */
export const wireModelMetric = z
  .object({
    ...wirePoint,
    dataset_name: z.string().optional(),
    dataset_digest: z.string().optional(),
    run_id: z.string().optional(),
  })
  .transform(({ dataset_name, dataset_digest, run_id, ...point }) => ({
    ...point,
    datasetName: dataset_name,
    datasetDigest: dataset_digest,
    runId: run_id,
  }));
/** Servers leave out an empty value. */
export const wirePair = z.object({ key: z.string(), value: z.string().default('') });

export function pairsToRecord(
  pairs: readonly { readonly key: string; readonly value: string }[],
): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => [pair.key, pair.value]));
}
