import { readFileSync } from 'node:fs';
import type { TrialFailure } from '../../records/index.js';
import type { WorkerExit } from './worker-process.js';

const OUT_OF_MEMORY =
  /heap out of memory|Reached heap limit|bad_alloc|Cannot allocate memory|Array buffer allocation failed/i;

/** How often the kernel has killed a process for memory since it started; undefined where it does not say. */
export function kernelMemoryKills(): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}

/** The last error that a process wrote, else its last line, as far as it fits into a message. */
export function lastWords(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/^\s+at |^Node\.js v/.test(line));
  const error = lines.findLast((line) => /error|fatal|cannot|failed|memory/i.test(line));
  return (error ?? lines.at(-1) ?? '').trim().slice(0, 200);
}

/** What the death of a worker process means for the trial it ran. */
export interface Death {
  readonly failure: TrialFailure;
  /** Whether memory ran out, so that the next attempt should have the machine to itself. */
  readonly memory: boolean;
}

/**
 * @param alone whether no other trial ran beside it: then more memory is not to be had, and the failure is final
 * @param kernelKilled whether the kernel killed for memory meanwhile
 */
export function explainExit(exit: WorkerExit, alone: boolean, kernelKilled: boolean): Death {
  const how = exit.signal === null ? `with exit code ${exit.code ?? 'unknown'}` : `by ${exit.signal}`;
  const memory = OUT_OF_MEMORY.test(exit.output) || (exit.signal === 'SIGKILL' && kernelKilled);
  const last = lastWords(exit.output);
  const said = last === '' ? '' : `: ${last}`;
  if (memory) {
    return {
      failure: { kind: alone ? 'memory' : 'crash', message: `its process ran out of memory and died ${how}${said}` },
      memory,
    };
  }
  return { failure: { kind: 'crash', message: `its process died ${how}${said}` }, memory };
}
