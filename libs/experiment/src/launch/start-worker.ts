import type { SweepStore } from '../store/index.js';
import {
  AttemptStopped,
  isServedWorker,
  runWorker,
  serveWorker,
  type GuardOptions,
  type TrialExecutor,
  type WorkerEvent,
} from '../worker/index.js';
import { isSlurmTask, runSlurmTask } from './slurm-task.js';
import { onStopSignal } from './stop-signal.js';

export interface StartWorkerOptions {
  readonly store: SweepStore;
  readonly execute: TrialExecutor;
  /** What a worker that nobody serves reports. */
  readonly onEvent?: (event: WorkerEvent) => void;
  readonly guard?: GuardOptions;
  readonly staleSeconds?: number;
  readonly pollSeconds?: number;
}

/**
 * The whole of a worker program: takes trials from the launcher that started it, or those of its Slurm task, or
 * whatever is open in the store. SIGINT, SIGTERM and SIGHUP save a checkpoint and release the claim; a second one ends at once.
 *
 * @returns the exit code: 0 if no trial is left.
 */
export async function startWorker(options: StartWorkerOptions): Promise<number> {
  const { store, execute, guard } = options;
  if (isServedWorker()) {
    await serveWorker({ store, execute, ...(guard ? { guard } : {}) });
    return 0;
  }
  if (isSlurmTask()) return runSlurmTask(options);
  const stop = new AbortController();
  onStopSignal(() => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new AttemptStopped('stop'));
  });
  const { remaining } = await runWorker({ ...options, stop: stop.signal });
  return remaining === 0 ? 0 : 75;
}
