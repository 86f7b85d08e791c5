import { resolve } from 'node:path';
import { parseOptions } from '@gmoe/core';
import type { MlflowClient } from 'mlflow-js-client';
import { z } from 'zod';
import { ExperimentCache } from './experiment-cache.js';
import type { PassFailure } from './pass-failure.js';
import { isComplete, syncPass, type RunReport, type SyncContext } from './sync-pass.js';

export const uploaderOptions = z.strictObject({
  intervalMs: z.int().min(1).default(1500).describe('Pause between two looks for new records, milliseconds.'),
  maxBackoffMs: z
    .int()
    .min(1)
    .default(60_000)
    .describe('Longest pause while the server is dead or wrong, milliseconds; doubles from intervalMs.'),
  concurrency: z.int().min(1).max(32).default(4).describe('Runs that are uploaded at a time.'),
});
export type UploaderOptions = z.input<typeof uploaderOptions>;

export type UploaderEvent =
  | { readonly type: 'failed'; readonly message: string; readonly transient: boolean; readonly retryInMs: number }
  | { readonly type: 'recovered' }
  | { readonly type: 'refused'; readonly run: string; readonly deadLetters: number };

/** What was left when the uploader stopped. */
export interface CloseReport {
  /** Whether everything recorded is on the server (or refused by it, see the dead letters, or deleted there). */
  readonly complete: boolean;
  readonly reports: readonly RunReport[];
  /** Why it is not. */
  readonly error?: string | undefined;
}

export interface Uploader {
  /** Uploads what is there now; resolves when done, or when the server has failed. */
  flush(): Promise<CloseReport>;
  /** Uploads what is left, as far as the server takes it within the time, and stops. A sync later does the rest. */
  close(options: { readonly timeoutMs: number }): Promise<CloseReport>;
}

/**
 * Feeds MLflow from spool folders in the background. Keeps no process alive and throws nothing: a dead or wrong server
 * is an event, and is tried again with growing pauses.
 *
 * @param directories spool folders; journals below them are found as they appear
 */
export function startUploader(
  directories: string | readonly string[],
  client: MlflowClient,
  options: UploaderOptions = {},
  onEvent: (event: UploaderEvent) => void = () => undefined,
): Uploader {
  const { intervalMs, maxBackoffMs, concurrency } = parseOptions(uploaderOptions, options, 'uploader');
  const folders = [directories].flat().map((one) => resolve(one));
  const abort = new AbortController();
  const known: SyncContext['known'] = new Map();
  const context: SyncContext = {
    client,
    experiments: new ExperimentCache(client, abort.signal),
    signal: abort.signal,
    verify: 'none',
    concurrency,
    known,
  };
  const letters = new Map<string, number>();
  let failures = 0;
  let retryAfterMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let running: Promise<CloseReport> | undefined;

  const emit = (event: UploaderEvent): void => quietly(() => onEvent(event));
  const pass = async (): Promise<CloseReport> => {
    let failure: PassFailure | undefined;
    let reports: RunReport[] = [];
    try {
      ({ reports, failure } = await syncPass(folders, context));
    } catch (error) {
      failure = { message: error instanceof Error ? error.message : String(error), transient: true, answered: true };
    }
    for (const { id, deadLetters } of reports) {
      if (deadLetters > (letters.get(id) ?? 0)) emit({ type: 'refused', run: id, deadLetters });
      letters.set(id, Math.max(deadLetters, letters.get(id) ?? 0));
    }
    retryAfterMs = failure?.retryAfterMs ?? 0;
    if (failure) failures++;
    else if (failures > 0) {
      failures = 0;
      emit({ type: 'recovered' });
    }
    if (failure) {
      const { message, transient } = failure;
      emit({ type: 'failed', message, transient, retryInMs: closed ? 0 : pause() });
    }
    return { complete: !failure && reports.every(isComplete), reports, error: failure?.message };
  };
  const pause = (): number =>
    Math.max(retryAfterMs, Math.min(intervalMs * 2 ** Math.min(failures, 20), Math.max(maxBackoffMs, intervalMs)));
  const single = (): Promise<CloseReport> => {
    running ??= pass().finally(() => (running = undefined));
    return running;
  };
  const schedule = (): void => {
    if (closed) return;
    // Jitter, so that many processes do not return to a server at once.
    const delay = failures > 0 ? Math.max(retryAfterMs, pause() * (0.5 + Math.random() / 2)) : intervalMs;
    timer = setTimeout(() => void single().then(schedule), delay).unref();
  };
  schedule();

  return {
    async flush() {
      // One that runs already may have passed over what was recorded since.
      await running;
      return single();
    },
    async close({ timeoutMs }) {
      closed = true;
      clearTimeout(timer);
      const limit = setTimeout(() => abort.abort(), timeoutMs);
      try {
        await running;
        return await single();
      } finally {
        clearTimeout(limit);
      }
    },
  };
}

/** A listener's failure is not the upload's. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // told to nobody
  }
}
