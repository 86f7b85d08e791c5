import { AttemptStopped, isServedWorker, serveWorker } from '../worker/index.js';
import { isRayWorker, runRayWorker } from './ray/ray-worker.js';
import { isSlurmTask, runSlurmTask } from './slurm-task.js';
import { onStopSignal } from './stop-signal.js';
import { work, type WorkOptions } from './work.js';

/** Whether this process was started by a cluster's launcher: nobody on the machine that submitted measures for it. */
export const isClusterWorker = (): boolean => isSlurmTask() || isRayWorker();

/**
 * The whole of a worker program: takes trials from the launcher that started it, or those of its Slurm task, or as a worker on Ray
 * or on its own whatever is open in the store. SIGINT, SIGTERM and SIGHUP save a checkpoint and release the claim; a second one ends at once.
 *
 * @returns the exit code, as `work` has it
 */
export async function startWorker(options: WorkOptions): Promise<number> {
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
  return work({ ...options, stop: stop.signal });
}
