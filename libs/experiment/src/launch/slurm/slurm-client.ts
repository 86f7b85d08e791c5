import { execFile } from 'node:child_process';
import { UserError } from '@gmoe/core';

/** One task of a job array, as Slurm sees it. */
export interface SlurmTask {
  /** Index in the array. */
  readonly index: number;
  /** PENDING, RUNNING, COMPLETED, FAILED, CANCELLED, PREEMPTED, TIMEOUT, NODE_FAIL, OUT_OF_MEMORY, … */
  readonly state: string;
  readonly reason: string;
}

const TIMEOUT_MS = 30_000;
/** Lines of a refusal that are told: the reason often stands in the second (QOSMaxSubmitJobPerUserLimit). */
const MOST_LINES = 3;

/** Runs Slurm's programs; each call is limited in time, since clients retry for minutes when they cannot connect. */
async function call(program: string, args: readonly string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile(program, args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      if (error.code === 'ENOENT') {
        return reject(
          new UserError(`${program}: not found: submit from a machine with Slurm, or use launcher.id: local`),
        );
      }
      const said = error.killed
        ? `no answer within ${TIMEOUT_MS / 1000} s`
        : stderr
            .trim()
            .split(/\s*\n\s*/)
            .slice(0, MOST_LINES)
            .join('; ') || error.message;
      reject(new UserError(`${program}: ${said}`));
    });
  });
}

/** Submits a script. Returns the job's id. */
export async function sbatch(args: readonly string[]): Promise<string> {
  return (await call('sbatch', ['--parsable', ...args])).trim().split(';')[0]!;
}

/**
 * Cancels or signals. A job that has ended already is fine, and so is an array of which some tasks have: then the
 * program fails without a word.
 */
export async function scancel(args: readonly string[]): Promise<void> {
  try {
    await call('scancel', args);
  } catch (error) {
    if (error instanceof UserError && /invalid job id|already comple|Command failed/i.test(error.message)) return;
    throw error;
  }
}

export async function requeue(job: string): Promise<void> {
  await call('scontrol', ['requeue', job]);
}

/** Tasks of an array job; empty once Slurm has forgotten it. Columns are parsed, since the JSON changes with versions. */
export async function tasksOf(job: string): Promise<SlurmTask[]> {
  let output: string;
  try {
    output = await call('squeue', ['-h', '-t', 'all', '-r', '-j', job, '-o', '%i|%T|%r']);
  } catch (error) {
    if (error instanceof UserError && /invalid job id/i.test(error.message)) return [];
    throw error;
  }
  return output
    .split('\n')
    .filter((line) => line.includes('|'))
    .map((line) => {
      const [id = '', state = '', reason = ''] = line.trim().split('|');
      return { index: Number(id.split('_')[1] ?? 0), state, reason };
    });
}

/** Id of a job by its unique name, for a driver that died between submitting and noting the id. */
export async function jobByName(name: string): Promise<string | undefined> {
  const output = await call('squeue', ['-h', '-t', 'all', '-n', name, '-o', '%F']);
  return output
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim();
}

/** The largest job array that the cluster takes. */
export async function largestArray(): Promise<number> {
  const value = /^MaxArraySize\s*=\s*(\d+)/m.exec(await call('scontrol', ['show', 'config']))?.[1];
  return value === undefined ? 1001 : Number(value);
}

const ENDED = new Set([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMEOUT',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'BOOT_FAIL',
  'DEADLINE',
]);

/** Whether a task will not run any more. A preempted or failed-over one is requeued by Slurm. */
export function hasEnded(task: SlurmTask): boolean {
  return ENDED.has(task.state);
}
