import type { SweepStore } from '../store/sweep-store.js';
import { clusters } from './clusters.js';

/**
 * Cancels what is queued or running of a sweep on clusters, whoever submitted it. `checkpoint`: running trials save one first.
 *
 * @returns the ids of the jobs; none if none was left
 */
export async function cancelSweep(store: SweepStore, how: 'checkpoint' | 'kill'): Promise<string[]> {
  let jobs: string[] = [];
  for (const cluster of clusters) jobs = jobs.concat(await cluster.cancel(store, how));
  return jobs;
}
