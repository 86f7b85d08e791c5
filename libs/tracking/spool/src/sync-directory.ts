import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseOptions, UserError } from '@gmoe/core';
import type { MlflowClient } from 'mlflow-js-client';
import { z } from 'zod';
import { ExperimentCache } from './experiment-cache.js';
import { syncPass, type RunReport, type SyncContext } from './sync-pass.js';

export const syncOptions = z.strictObject({
  watch: z.boolean().default(false).describe('Go on until stopped, uploading what appears.'),
  verify: z.boolean().default(true).describe('Compare counts and values with the server afterwards.'),
  intervalMs: z.int().min(1).default(2000).describe('Pause between two looks with watch, milliseconds.'),
  maxBackoffMs: z
    .int()
    .min(1)
    .default(60_000)
    .describe('Longest pause with watch while the server fails, milliseconds.'),
  concurrency: z.int().min(1).max(32).default(4).describe('Runs that are uploaded at a time.'),
});
export type SyncOptions = z.input<typeof syncOptions>;

export interface SyncReport {
  readonly server: string;
  readonly runs: readonly RunReport[];
  /** Whether every run is on the server and, where verified, equal to its journal. */
  readonly complete: boolean;
  /** What the server said if it failed. */
  readonly error?: string | undefined;
}

/**
 * Uploads what the server lacks of the spools in a folder and below; may be repeated any number of times with the same
 * result. Afterwards the server is compared with the journals, and what it lost is sent again.
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
  const { watch, verify, intervalMs, maxBackoffMs, concurrency } = parseOptions(syncOptions, options, 'sync');
  const folder = resolve(directory);
  if (!existsSync(folder)) throw new UserError(`sync: there is no folder ${folder}`);
  const { signal, onPass } = control;
  const known: SyncContext['known'] = new Map();
  const context: SyncContext = {
    client,
    experiments: new ExperimentCache(client, signal),
    signal,
    verify: !verify ? 'none' : watch ? 'ended' : 'all',
    concurrency,
    known,
  };
  let failures = 0;
  for (;;) {
    const { reports, failure } = await syncPass([folder], context);
    const complete = !failure && reports.every((report) => report.state === 'synced' && report.pendingBytes === 0);
    const report = { server: client.trackingUri, runs: reports, complete, error: failure?.message };
    onPass?.(report);
    if (!watch || signal?.aborted) return report;
    failures = failure ? failures + 1 : 0;
    const pause = Math.min(intervalMs * 2 ** Math.min(failures, 20), Math.max(maxBackoffMs, intervalMs));
    await sleep(pause, undefined, signal ? { signal } : {}).catch(() => undefined);
    if (!signal?.aborted) continue;
    return report;
  }
}
