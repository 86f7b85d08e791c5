import { redact, UserError } from '@gmoe/core';
import { z } from 'zod';

const DEFAULT_ADDRESS = 'http://127.0.0.1:8265';

/** Options of `launcher: { id: ray, … }`: where the cluster is, what a worker takes of it, and how many there are at most. */
export const rayOptions = z.strictObject({
  address: z
    .url({ protocol: /^https?$/, error: "must be the http(s) URL of the cluster's job server, e.g. http://head:8265" })
    .optional()
    .describe(`URL of the job server (the dashboard); default: RAY_API_SERVER_ADDRESS, else ${DEFAULT_ADDRESS}`),
  workers: z.int().min(1).default(4).describe('the most workers at once; fewer where fewer trials are open'),
  trialsAtOnce: z
    .int()
    .min(1)
    .default(1)
    .describe('trials that one worker runs side by side, each on cores of its own'),
  cpus: z.number().positive().default(1).describe('cores of one worker'),
  gpus: z.number().positive().optional().describe('GPUs of one worker'),
  memoryMiB: z.int().min(1).optional().describe('memory that Ray reserves for one worker, MiB'),
  resources: z
    .record(z.string(), z.number().positive())
    .default({})
    .describe("custom resources of one worker, by Ray's names"),
  retries: z
    .int()
    .min(0)
    .default(3)
    .describe('workers in a row that may die without a trial coming to its end, until the launcher gives up'),
  runtimeEnv: z
    .strictObject({
      envVars: z.record(z.string(), z.string()).default({}).describe('environment variables'),
      workingDir: z
        .string()
        .min(1)
        .optional()
        .describe('folder that all nodes see; else that of the submitting command'),
      setup: z.array(z.string()).default([]).describe('shell lines before the worker, e.g. module load'),
    })
    .prefault({})
    .describe('what a worker finds when it starts'),
});

export type RayOptions = z.output<typeof rayOptions>;

/**
 * The job server to talk to: as configured, as Ray's own tools are told, or Ray's default.
 *
 * @throws UserError if it is no http(s) URL, or holds a password, which would be kept in the sweep's folder
 */
export function rayAddress(
  options: RayOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const address = options.address ?? env['RAY_API_SERVER_ADDRESS'] ?? DEFAULT_ADDRESS;
  const where = options.address === undefined ? 'RAY_API_SERVER_ADDRESS' : 'launcher.address';
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UserError(`${where}: must be the http(s) URL of the cluster's job server (got ${redact(address)})`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UserError(
      `${where}: must hold no user or password; a token goes into RAY_AUTH_TOKEN (got ${redact(address)})`,
    );
  }
  return address;
}
