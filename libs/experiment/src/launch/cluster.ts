import type { SweepStore } from '../store/sweep-store.js';
import type { WorkOptions } from './work.js';

/** A system of many machines: what its launcher submitted is found again by workers, and by who cancels it. */
export interface Cluster {
  /** Whether this process is a worker that its launcher submitted. */
  isWorker(): boolean;
  /** Runs such a worker. Returns the exit code, as `work` has it. */
  runWorker(options: WorkOptions): Promise<number>;
  /**
   * Cancels what is queued or running of a sweep, whoever submitted it. `checkpoint`: running trials save one first.
   *
   * @returns the ids of the jobs; none if none was left
   */
  cancel(store: SweepStore, how: 'checkpoint' | 'kill'): Promise<string[]>;
}
