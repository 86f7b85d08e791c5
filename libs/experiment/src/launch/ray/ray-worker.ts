import { AttemptStopped } from '../../worker/index.js';
import { onStopSignal } from '../stop-signal.js';
import { work, type WorkOptions } from '../work.js';
import { isRayCancelled } from './ray-submission.js';

/** Whether this process is a worker that the Ray launcher submitted. */
export function isRayWorker(): boolean {
  return process.env['GMOE_RAY_JOB'] !== undefined;
}

/**
 * Takes whatever is open in the store. It ends with a checkpoint when its submission is cancelled in the store, without
 * haste, and at SIGTERM, where Ray gives it a few seconds.
 *
 * @returns the exit code, as `work` has it
 */
export async function runRayWorker(options: WorkOptions): Promise<number> {
  const { store, pollSeconds = 2 } = options;
  const submission = process.env['GMOE_RAY_JOB']!;
  const stop = new AbortController();
  const end = (): void => stop.abort(new AttemptStopped('stop'));
  onStopSignal(end);
  const watch = setInterval(() => isRayCancelled(store, submission) && end(), pollSeconds * 1000);
  try {
    if (isRayCancelled(store, submission)) end();
    return await work({ idleSeconds: 120, ...options, stop: stop.signal });
  } finally {
    clearInterval(watch);
  }
}
