import type { SweepStore } from '../store/sweep-store.js';
import { cancelRayWorkers } from './ray/ray.js';
import { cancelSubmissions } from './slurm.js';

/**
 * Cancels what is queued or running of a sweep on clusters, whoever submitted it. `checkpoint`: running trials save one first.
 *
 * @returns the ids of the jobs; none if none was left
 */
export async function cancelSweep(store: SweepStore, how: 'checkpoint' | 'kill'): Promise<string[]> {
  return [...(await cancelSubmissions(store, how)), ...(await cancelRayWorkers(store, how))];
}
