import { UserError } from '@gmoe/core';
import { AttemptStopped } from '../../worker/index.js';
import { requeue, tasksOf } from './slurm-client.js';
import { isCancelled, readIntent } from './slurm-submission.js';
import { work, type WorkOptions } from '../work.js';

/** Whether this process is a task of a job array that the Slurm launcher submitted. */
export function isSlurmTask(): boolean {
  return process.env['GMOE_SUBMISSION'] !== undefined && process.env['SLURM_ARRAY_TASK_ID'] !== undefined;
}

/**
 * Runs the trials of one array task. SIGUSR1 (the time limit is near) and SIGTERM (preemption) save a checkpoint; the
 * task then goes back into the queue, unless it was cancelled or Slurm requeues it itself.
 *
 * @returns the exit code: 0 if nothing is left to do, 75 (try again) if the task was interrupted.
 */
export async function runSlurmTask(options: WorkOptions): Promise<number> {
  const { store } = options;
  const submission = process.env['GMOE_SUBMISSION']!;
  const index = Number(process.env['SLURM_ARRAY_TASK_ID']);
  const hashes = readIntent(store, submission)?.tasks[index];
  if (!hashes) throw new UserError(`${store.folder}: submission ${submission} has no task ${index}`);
  const stop = new AbortController();
  let signalled: NodeJS.Signals | undefined;
  for (const signal of ['SIGUSR1', 'SIGTERM'] as const) {
    process.on(signal, () => {
      signalled ??= signal;
      stop.abort(new AttemptStopped('stop'));
    });
  }
  const code = await work({ ...options, hashes, stop: stop.signal });
  if (code === 0) return code;
  const job = `${process.env['SLURM_ARRAY_JOB_ID']}_${index}`;
  if (signalled !== undefined && !isCancelled(store, submission) && (await mustRequeue(signalled, job, index))) {
    await requeue(job);
  }
  return code;
}

/** After SIGTERM Slurm may be cancelling the task, or requeueing a preempted one itself; it runs if neither is so. */
async function mustRequeue(signal: NodeJS.Signals, job: string, index: number): Promise<boolean> {
  if (signal === 'SIGUSR1') return true;
  const tasks = await tasksOf(job);
  return tasks.some((task) => task.index === index && task.state === 'RUNNING');
}
