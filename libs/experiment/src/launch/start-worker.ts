import type { SweepStore } from '../store/index.js';
import {
  AttemptStopped,
  isServedWorker,
  serveWorker,
  type GuardOptions,
  type TrialExecutor,
  type WorkerEvent,
} from '../worker/index.js';
import { isRayWorker, runRayWorker } from './ray/ray-worker.js';
import { isSlurmTask, runSlurmTask } from './slurm-task.js';
import { onStopSignal } from './stop-signal.js';
import { work, type Packing } from './work.js';

export interface StartWorkerOptions {
  readonly store: SweepStore;
  readonly execute: TrialExecutor;
  /** What a worker that nobody serves reports. */
  readonly onEvent?: (event: WorkerEvent) => void;
  readonly guard?: GuardOptions;
  readonly staleSeconds?: number;
  readonly pollSeconds?: number;
  /** How long a worker on Ray stays with nothing to take, s. Default 120. */
  readonly idleSeconds?: number;
  /** Several trials at a time; default: one, in this process. */
  readonly packing?: Packing | undefined;
}

/**
 * The whole of a worker program: takes trials from the launcher that started it, or those of its Slurm task, or as a worker on Ray
 * or on its own whatever is open in the store. SIGINT, SIGTERM and SIGHUP save a checkpoint and release the claim; a second one ends at once.
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
  if (isRayWorker()) return runRayWorker(options);
  const stop = new AbortController();
  onStopSignal(() => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new AttemptStopped('stop'));
  });
  const remaining = await work({ ...options, stop: stop.signal }, options.packing);
  return remaining === 0 ? 0 : 75;
}
