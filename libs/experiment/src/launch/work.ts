import { UserError } from '@gmoe/core';
import type { SweepStore } from '../store/index.js';
import { openTrials, runWorker, type WorkerEvent, type WorkerOptions } from '../worker/index.js';
import type { LaunchEvent } from './launcher.js';
import { createLocalLauncher } from './local/local.js';

/** Several trials at a time, each in a process of its own on cores of its own. */
export interface Packing {
  readonly jobs: number;
  /** The command of a process that calls `serveWorker` on the store. */
  readonly command: (store: SweepStore) => readonly string[];
}

/** What a worker program works with, wherever it was started. */
export type WorkOptions = Omit<WorkerOptions, 'stop' | 'hashes'> & {
  /** Several trials at a time; default: one, in this process. */
  readonly packing?: Packing | undefined;
};

/** Exit code (EX_TEMPFAIL) of a worker that left open trials behind: it was asked to stop, or others are at them. */
export const LEFT_OPEN = 75;

/**
 * Works through open trials in this process, or several at a time where `packing` says so.
 *
 * @returns the exit code: 0 if no trial is left, `LEFT_OPEN` if some are.
 */
export async function work({ packing, ...options }: WorkOptions & WorkerOptions): Promise<number> {
  if (!packing || packing.jobs === 1) return exitCode((await runWorker(options)).remaining);
  const { store, hashes, stop, onEvent, staleSeconds, pollSeconds } = options;
  const run = await createLocalLauncher({
    ...packing,
    ...(staleSeconds === undefined ? {} : { staleSeconds }),
    ...(pollSeconds === undefined ? {} : { pollSeconds }),
  }).submit({ store, hashes });
  const cancel = (): void => void run.cancel('checkpoint');
  stop.addEventListener('abort', cancel, { once: true });
  if (stop.aborted) cancel();
  for await (const event of run.events()) for (const told of asWorkerEvents(event)) onEvent?.(told);
  await run.done;
  return exitCode(openTrials(store, hashes).length);
}

const exitCode = (remaining: number): number => (remaining === 0 ? 0 : LEFT_OPEN);

/** @throws UserError if a worker has fewer cores than trials at once */
export function checkPacking({ trialsAtOnce, cpus }: { readonly trialsAtOnce: number; readonly cpus: number }): void {
  if (trialsAtOnce > Math.max(1, cpus)) {
    throw new UserError(`launcher.trialsAtOnce: must be at most launcher.cpus, here ${cpus} (got ${trialsAtOnce})`);
  }
}

function asWorkerEvents(event: LaunchEvent): WorkerEvent[] {
  switch (event.type) {
    case 'trial-started':
      return [{ type: 'begin', trial: event.trial, attempt: event.attempt, resumedFrom: event.resumedFrom }];
    case 'progress':
      return [{ type: 'event', trial: event.trial, event: event.event }];
    case 'trial-finished':
    case 'trial-failed':
      return [{ type: 'end', trial: event.trial, end: { type: 'published' } }];
    case 'trial-retried':
      return [{ type: 'end', trial: event.trial, end: { type: 'again', failure: event.failure } }];
    case 'trial-paused':
      return [{ type: 'end', trial: event.trial, end: { type: 'stopped', why: event.why } }];
    case 'trial-damaged':
      return [{ type: 'damaged', trial: event.trial, message: event.message }];
    case 'trouble':
      return [{ type: 'trouble', message: event.message }];
    default:
      return [];
  }
}
