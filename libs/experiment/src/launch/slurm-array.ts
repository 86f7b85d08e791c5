import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { UserError, writeWhole } from '@gmoe/core';
import { FORMAT_VERSION, type PlannedTrial } from '../records/index.js';
import { guardStore } from '../store/store-error.js';
import type { SweepStore } from '../store/sweep-store.js';
import { largestArray, sbatch } from './slurm-client.js';
import { recordIntent, recordJob, submissionFolder, type Intent } from './slurm-submission.js';
import type { SlurmOptions } from './launcher-options.js';

/** How the Slurm launcher starts workers. */
export interface SlurmLauncherOptions {
  readonly options: SlurmOptions;
  /** The command that starts a worker on the store; as an array task it calls `runSlurmTask`. */
  readonly command: (store: SweepStore) => readonly string[];
  /** The command of the job that runs when all tasks have ended, e.g. to write the report. */
  readonly summaryCommand?: ((store: SweepStore) => readonly string[]) | undefined;
  /** Between two looks at the store, s. */
  readonly pollSeconds?: number;
}

/** A job array, and what it was submitted for. */
export interface ArrayJob {
  readonly intent: Intent;
  readonly job: string;
}

/** Submits trials as a job array. What it is for is written down before, so that no crash loses track of it. */
export async function submitArray(
  store: SweepStore,
  trials: readonly PlannedTrial[],
  { options, command, summaryCommand }: SlurmLauncherOptions,
): Promise<ArrayJob> {
  const tasks = Array.from({ length: Math.ceil(trials.length / options.trialsPerTask) }, (_, task) =>
    trials.slice(task * options.trialsPerTask, (task + 1) * options.trialsPerTask).map((trial) => trial.hash),
  );
  const most = await largestArray();
  if (tasks.length > most - 1) {
    const needed = Math.ceil(trials.length / (most - 1));
    throw new UserError(
      `launcher.trialsPerTask: must be at least ${needed}: the cluster takes arrays of ${most - 1} tasks (got ${options.trialsPerTask} for ${trials.length} trials)`,
    );
  }
  const name = store.manifest().name.slice(0, 40);
  const intent: Intent = {
    formatVersion: FORMAT_VERSION,
    jobName: `gmoe-${name}-${randomBytes(4).toString('hex')}`,
    tasks,
    createdAt: Date.now(),
  };
  recordIntent(store, intent);
  const folder = submissionFolder(store, intent.jobName);
  const script = writeScript(folder, 'task.sh', intent.jobName, options.setup, command(store));
  const job = await sbatch([...arrayOptions(intent, options, folder), script]);
  recordJob(store, intent.jobName, { job });
  if (summaryCommand) {
    const summary = writeScript(folder, 'summary.sh', intent.jobName, options.setup, summaryCommand(store));
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

/** `exec` makes the worker the batch process itself, so that signals for the batch reach it. */
function writeScript(
  folder: string,
  name: string,
  submission: string,
  setup: readonly string[],
  command: readonly string[],
): string {
  const file = join(folder, name);
  const lines = ['#!/bin/bash', ...setup, `export GMOE_SUBMISSION=${quote(submission)}`];
  guardStore(file, () => {
    writeWhole(file, `${[...lines, `exec ${command.map(quote).join(' ')}`].join('\n')}\n`);
    chmodSync(file, 0o755);
  });
  return file;
}

function quote(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
