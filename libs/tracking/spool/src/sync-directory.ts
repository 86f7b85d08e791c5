import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseOptions, UserError } from '@gmoe/core';
import type { MlflowClient } from 'mlflow-js-client';
import { z } from 'zod';
import { ExperimentCache } from './experiment-cache.js';
import { isComplete, syncPass, type RunReport, type SyncContext } from './sync-pass.js';

export const syncOptions = z.strictObject({
  watch: z.boolean().default(false).describe('Go on until stopped, uploading what appears.'),
  verify: z.boolean().default(true).describe('Compare counts and values with the server afterwards.'),
  intervalMs: z.int().min(1).default(2000).describe('Pause between two looks, milliseconds.'),
  maxBackoffMs: z.int().min(1).default(60_000).describe('Longest pause while the server fails, milliseconds.'),
  patienceMs: z
    .int()
    .min(0)
    .default(60_000)
    .describe(
      'Without watch: how long to go on without progress while the server answers errors, was there before, or another process uploads the same runs; milliseconds.',
    ),
  concurrency: z.int().min(1).max(32).default(4).describe('Runs that are uploaded at a time.'),
});
export type SyncOptions = z.input<typeof syncOptions>;

export interface SyncReport {
  readonly server: string;
  readonly runs: readonly RunReport[];
  /** Whether every run (but those deleted there) is on the server and, where verified, equal to its journal. */
  readonly complete: boolean;
  /** What the server said if it failed. */
  readonly error?: string | undefined;
}

/**
 * Uploads what the server lacks of the spools in a folder and below; may be repeated any number of times with the same
 * result. Afterwards the server is compared with the journals, and what it lost is sent again. A server that fails in
 * between is waited for; one that cannot be reached at all is not.
 *
 * @param control `signal` ends it (a watch ends only so), `onPass` hears of every pass
 * @throws UserError if there is no such folder
 */
export async function syncDirectory(
  directory: string,
  client: MlflowClient,
  options: SyncOptions = {},
  control: { readonly signal?: AbortSignal; readonly onPass?: (report: SyncReport) => void } = {},
): Promise<SyncReport> {
  const { watch, verify, intervalMs, maxBackoffMs, patienceMs, concurrency } = parseOptions(
    syncOptions,
    options,
    'sync',
  );
  const folder = resolve(directory);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`sync: there is no folder ${folder}`);
  const { signal, onPass } = control;
  const known: SyncContext['known'] = new Map();
  // A server that has taken something will be back; one that never answered may not exist.
  let reached = false;
  let progressAt = performance.now();
  const context: SyncContext = {
    client,
    experiments: new ExperimentCache(client, signal),
    signal,
    onProgress: () => {
      reached = true;
      progressAt = performance.now();
    },
    verify: !verify ? 'none' : watch ? 'ended' : 'all',
    concurrency,
    known,
  };
  const pause = async (ms: number): Promise<void> => {
    await sleep(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
  };
  let failures = 0;
  for (;;) {
    const { reports, failure } = await syncPass([folder], context);
    const error = failure?.message;
    const report = {
      server: client.trackingUri,
      runs: reports,
      complete: !failure && reports.every(isComplete),
      error,
    };
    onPass?.(report);
    if (signal?.aborted) return report;
    failures = failure ? failures + 1 : 0;
    if (!watch) {
      const locked = reports.some(({ state }) => state === 'locked');
      const hopeful = failure ? failure.transient && (failure.answered || reached) : locked;
      if (!hopeful || performance.now() - progressAt > patienceMs) return report;
    }
    const growing = Math.min(intervalMs * 2 ** Math.min(failures, 20), Math.max(maxBackoffMs, intervalMs));
    await pause(Math.max(failure?.retryAfterMs ?? 0, growing));
    if (signal?.aborted) return report;
  }
}
