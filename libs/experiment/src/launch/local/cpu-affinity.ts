import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import { cgroupLimits } from './cgroup.js';

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

const MIB = 2 ** 20;

/**
 * How many workers this process may start by default: one per core of its affinity and its container's quota, fewer where
 * their memory would not fit.
 *
 * @param memoryMiB what one trial may take, where that is known
 */
export function defaultJobs(memoryMiB?: number): number {
  const { processors, memoryBytes } = cgroupLimits();
  const cores = Math.min(availableParallelism(), Math.ceil(processors ?? Infinity));
  const memory = Math.min(totalmem(), memoryBytes ?? Infinity);
  const fit = memoryMiB === undefined ? Infinity : Math.floor(memory / (memoryMiB * MIB));
  return Math.max(1, Math.min(cores, fit));
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
