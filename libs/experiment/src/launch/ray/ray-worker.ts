import { AttemptStopped, type WorkerOptions } from '../../worker/index.js';
import { onStopSignal } from '../stop-signal.js';
import { work, type Packing } from '../work.js';
import { isRayCancelled } from './ray-submission.js';

/** Exit code of a worker that left open trials behind: it was asked to stop, or others are at them. */
export const LEFT_OPEN = 75;

export type RayWorkerOptions = Omit<WorkerOptions, 'stop' | 'hashes'> & { readonly packing?: Packing | undefined };

/** Whether this process is a worker that the Ray launcher submitted. */
export function isRayWorker(): boolean {
  return process.env['GMOE_RAY_JOB'] !== undefined;
}

/**
 * Takes whatever is open in the store. It ends with a checkpoint when its submission is cancelled in the store, without
 * haste, and at SIGTERM, where Ray gives it a few seconds.
 *
 * @returns the exit code: 0 if no trial is left, LEFT_OPEN if some are.
 */
export async function runRayWorker(options: RayWorkerOptions): Promise<number> {
  const { store, pollSeconds = 2, packing } = options;
  const submission = process.env['GMOE_RAY_JOB']!;
  const stop = new AbortController();
  const end = (): void => stop.abort(new AttemptStopped('stop'));
  onStopSignal(end);
  const watch = setInterval(() => isRayCancelled(store, submission) && end(), pollSeconds * 1000);
  try {
    if (isRayCancelled(store, submission)) end();
    const remaining = await work({ idleSeconds: 120, ...options, stop: stop.signal }, packing);
    return remaining === 0 ? 0 : LEFT_OPEN;
  } finally {
    clearInterval(watch);
  }
}
