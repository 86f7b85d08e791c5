import { AttemptStopped, isServedWorker, serveWorker } from '../worker/index.js';
import { clusters } from './clusters.js';
import { onStopSignal } from './stop-signal.js';
import { work, type WorkOptions } from './work.js';

/** Whether this process was started by a cluster's launcher: nobody on the machine that submitted measures for it. */
export const isClusterWorker = (): boolean => clusters.some((cluster) => cluster.isWorker());

/**
 * The whole of a worker program: takes trials from the launcher that started it, or as its cluster has it, or on its own whatever
 * is open in the store. SIGINT, SIGTERM and SIGHUP save a checkpoint and release the claim; a second one ends at once.
 *
 * @returns the exit code, as `work` has it
 */
export async function startWorker(options: WorkOptions): Promise<number> {
  const { store, execute, guard } = options;
  if (isServedWorker()) {
    await serveWorker({ store, execute, ...(guard ? { guard } : {}) });
    return 0;
  }
  const cluster = clusters.find((each) => each.isWorker());
  if (cluster) return cluster.runWorker(options);
  const stop = new AbortController();
  const dispose = onStopSignal(() => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new AttemptStopped('stop'));
  });
  try {
    return await work({ ...options, stop: stop.signal });
  } finally {
    dispose();
  }
}
