import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Processors that this process may run on, by number; Linux only. */
function allowedProcessors(): number[] {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
    return list.split(',').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number) as [number, number?];
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return [];
  }
}

/** How many workers this machine takes by default: one per core. */
export function defaultJobs(): number {
  return availableParallelism();
}

/**
 * The processors of each worker: equal, disjoint shares. None where there are more workers than processors, or no
 * `taskset` to bind them with.
 */
export function processorShares(jobs: number): (readonly number[])[] | undefined {
  const processors = allowedProcessors();
  if (jobs < 2 || jobs > processors.length) return undefined;
  if (spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status !== 0) return undefined;
  const share = Math.floor(processors.length / jobs);
  return Array.from({ length: jobs }, (_, job) => processors.slice(job * share, (job + 1) * share));
}

/** One thread per worker: parallelism comes from the trials, and threads of several workers would fight for cores. */
export const SINGLE_THREADED: Readonly<Record<string, string>> = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
};
