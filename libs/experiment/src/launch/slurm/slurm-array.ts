import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { FORMAT_VERSION, type PlannedTrial } from '../../records/index.js';
import type { SweepStore } from '../../store/sweep-store.js';
import type { LauncherHost } from '../launcher-host.js';
import type { SlurmOptions } from './slurm-options.js';
import { largestArray, sbatch } from './slurm-client.js';
import { markCancelled, recordIntent, recordJob, submissionFolder, type Intent } from './slurm-submission.js';
import { ALLOCATOR_LINE } from '../allocator.js';
import { shellLine, shellWord, writeScript } from '../worker-script.js';

/** How the Slurm launcher starts workers. */
export interface SlurmLauncherOptions extends LauncherHost {
  readonly options: SlurmOptions;
  /** Between two looks at the store, s. */
  readonly pollSeconds?: number;
}

/** A job array, and what it was submitted for. */
export interface ArrayJob {
  readonly intent: Intent;
  readonly job: string;
}

/** Trials that were submitted, and those that the cluster does not take yet. */
export interface Submitted {
  readonly jobs: readonly ArrayJob[];
  readonly rest: readonly PlannedTrial[];
}

/** Refusals that pass when earlier jobs have ended: limits of a user, an account or a QOS on what is queued. */
const LIMITED =
  /QOS\w*Limit|Assoc\w*Limit|MaxSubmit|MaxJobs|submit limit|job limit|Job violates accounting\/QOS policy/i;

/**
 * Submits trials as job arrays, as many as the cluster's largest array asks for. Where a limit on queued tasks is met, pieces
 * get smaller; what does not fit stays for later.
 */
export async function submitTrials(
  store: SweepStore,
  trials: readonly PlannedTrial[],
  launcher: SlurmLauncherOptions,
): Promise<Submitted> {
  const { options } = launcher;
  const perTask = Math.max(options.trialsPerTask, options.trialsAtOnce);
  const tasks = tasksFor(store, trials, perTask, options.concurrency);
  const jobs: ArrayJob[] = [];
  if (tasks.length === 0) return { jobs, rest: [] };
  let size = (await largestArray()) - 1;
  for (let first = 0; first < tasks.length;) {
    const piece = tasks.slice(first, first + size);
    try {
      jobs.push(await submitArray(store, piece, launcher));
      first += piece.length;
    } catch (error) {
      if (!(error instanceof UserError) || !LIMITED.test(error.message)) throw error;
      if (piece.length > 1) {
        size = Math.floor(piece.length / 2);
        continue;
      }
      if (jobs.length === 0) throw error;
      const left = new Set(tasks.slice(first).flat());
      return { jobs, rest: trials.filter((trial) => left.has(trial.hash)) };
    }
  }
  return { jobs, rest: [] };
}

/**
 * Hashes of the trials of each task. Where arms may be stopped early every task takes whatever is open: one that waited for
 * other arms at a rung would hold up those behind it.
 */
function tasksFor(
  store: SweepStore,
  trials: readonly PlannedTrial[],
  perTask: number,
  concurrency: number | undefined,
): string[][] {
  const hashes = trials.map((trial) => trial.hash);
  const count = Math.ceil(hashes.length / perTask);
  if (store.manifest().stopping) return Array.from({ length: Math.min(count, concurrency ?? count) }, () => hashes);
  return Array.from({ length: count }, (_, task) => hashes.slice(task * perTask, (task + 1) * perTask));
}

/** Submits one job array. What it is for is written down before, so that no crash loses track of it. */
async function submitArray(
  store: SweepStore,
  tasks: string[][],
  { options, command, summaryCommand }: SlurmLauncherOptions,
): Promise<ArrayJob> {
  const name = store.manifest().name.slice(0, 40);
  const intent: Intent = {
    formatVersion: FORMAT_VERSION,
    jobName: `gmoe-${name}-${randomBytes(4).toString('hex')}`,
    tasks,
    createdAt: Date.now(),
  };
  recordIntent(store, intent);
  const folder = submissionFolder(store, intent.jobName);
  const lines = [...options.setup, ALLOCATOR_LINE, `export GMOE_SUBMISSION=${shellWord(intent.jobName)}`];
  const packed = options.trialsAtOnce > 1 ? ['--jobs', String(options.trialsAtOnce)] : [];
  const script = writeScript(join(folder, 'task.sh'), [...lines, `exec ${shellLine([...command(store), ...packed])}`]);
  let job: string;
  try {
    job = await sbatch([...arrayOptions(intent, options, folder), script]);
  } catch (error) {
    // Refused: nothing is in the queue under this name.
    if (error instanceof UserError && LIMITED.test(error.message)) markCancelled(store, intent.jobName);
    throw error;
  }
  recordJob(store, intent.jobName, { job });
  if (summaryCommand) {
    const summary = writeScript(join(folder, 'summary.sh'), [...lines, `exec ${shellLine(summaryCommand(store))}`]);
    const summaryJob = await sbatch([
      `--job-name=${intent.jobName}-summary`,
      `--dependency=afterany:${job}`,
      `--output=${escapePattern(join(folder, 'summary.log'))}`,
      ...where(options),
      summary,
    ]);
    recordJob(store, intent.jobName, { job, summaryJob });
  }
  return { intent, job };
}

function arrayOptions(intent: Intent, options: SlurmOptions, folder: string): string[] {
  const throttle = options.concurrency === undefined ? '' : `%${options.concurrency}`;
  const given = (option: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [`--${option}=${value}`];
  return [
    `--job-name=${intent.jobName}`,
    `--array=0-${intent.tasks.length - 1}${throttle}`,
    `--output=${escapePattern(folder)}/task-%a.log`,
    '--open-mode=append',
    '--requeue',
    `--signal=B:USR1@${options.signalSeconds}`,
    `--cpus-per-task=${options.cpus}`,
    ...given('time', options.timeMinutes),
    ...given('mem', options.memoryMiB === undefined ? undefined : `${options.memoryMiB}M`),
    ...given('gpus', options.gpus),
    ...given('constraint', options.constraint),
    ...where(options),
    ...options.extra,
  ];
}

/** A path in a pattern of sbatch, where % begins a placeholder. */
function escapePattern(path: string): string {
  return path.replaceAll('%', '%%');
}

function where(options: SlurmOptions): string[] {
  const { partition, account, qos } = options;
  return Object.entries({ partition, account, qos }).flatMap(([option, value]) =>
    value === undefined ? [] : [`--${option}=${value}`],
  );
}
