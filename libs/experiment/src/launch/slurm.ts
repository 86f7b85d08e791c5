import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '@gmoe/core';
import { FORMAT_VERSION, type PlannedTrial } from '../records/index.js';
import type { SlurmOptions } from '../spec/index.js';
import { readClaim } from '../store/claim.js';
import { recordFailure, settleFailures } from '../store/failures.js';
import { guardStore } from '../store/store-error.js';
import type { SweepStore } from '../store/sweep-store.js';
import { openTrials } from '../worker/run-worker.js';
import { EventQueue } from './event-queue.js';
import type { Launcher, LaunchEvent, LaunchRequest, LaunchSummary, Submission } from './launcher.js';
import { hasEnded, jobByName, largestArray, sbatch, scancel, tasksOf, type SlurmTask } from './slurm-client.js';
import {
  isCancelled,
  markCancelled,
  readIntents,
  readJob,
  recordIntent,
  recordJob,
  submissionFolder,
  type Intent,
} from './slurm-submission.js';
import { StoreFollower } from './store-follower.js';
import { summarise } from './summary.js';

export interface SlurmLauncherOptions {
  readonly options: SlurmOptions;
  /** The command that starts a worker on the store; as an array task it calls `runSlurmTask`. */
  readonly command: (store: SweepStore) => readonly string[];
  /** The command of the job that runs when all tasks have ended, e.g. to write the report. */
  readonly summaryCommand?: ((store: SweepStore) => readonly string[]) | undefined;
  /** Between two looks at the store, s. */
  readonly pollSeconds?: number;
}

/** Runs trials as a Slurm job array. Progress comes from the store, which all nodes must see at the same path. */
export function createSlurmLauncher(launcher: SlurmLauncherOptions): Launcher {
  return {
    id: 'slurm',
    async submit(request) {
      if (request.stopping) {
        throw new UserError('stopping: early stopping needs launcher.id: local, which sees all arms (got slurm)');
      }
      const earlier = await liveSubmissions(request.store);
      const covered = new Set(earlier.flatMap(({ intent }) => intent.tasks.flat()));
      const trials = openTrials(request.store, request.hashes).filter((trial) => !covered.has(trial.hash));
      const jobs = earlier.map(({ intent, job }) => ({ intent, job }));
      if (trials.length > 0) jobs.push(await submitArray(request.store, trials, launcher));
      return new SlurmRun(request, launcher, jobs);
    },
  };
}

interface ArrayJob {
  readonly intent: Intent;
  readonly job: string;
}

/**
 * Cancels what is queued or running of a sweep, whoever submitted it. `checkpoint`: running tasks save one first.
 *
 * @returns the ids of the jobs; none if none was left
 */
export async function cancelSubmissions(store: SweepStore, how: 'checkpoint' | 'kill'): Promise<string[]> {
  if (readIntents(store).length === 0) return [];
  const live = await liveSubmissions(store);
  await cancelJobs(store, live, how);
  return live.map(({ job }) => job);
}

async function cancelJobs(store: SweepStore, jobs: readonly ArrayJob[], how: 'checkpoint' | 'kill'): Promise<void> {
  for (const { intent, job } of jobs) {
    markCancelled(store, intent.jobName);
    if (how === 'kill') {
      await scancel([job]);
      continue;
    }
    await scancel(['--state=PENDING', job]);
    await scancel(['--state=RUNNING', '--batch', '--signal=TERM', job]);
  }
}

/** Arrays of earlier drivers that are still queued or running, also those whose id no driver lived to note. */
async function liveSubmissions(store: SweepStore): Promise<ArrayJob[]> {
  const live: ArrayJob[] = [];
  for (const intent of readIntents(store)) {
    if (isCancelled(store, intent.jobName)) continue;
    if (intent.tasks.flat().every((hash) => store.isPublished(hash))) continue;
    let job = readJob(store, intent.jobName)?.job;
    if (job === undefined) {
      job = await jobByName(intent.jobName);
      if (job === undefined) continue;
      recordJob(store, intent.jobName, { job });
    }
    if ((await tasksOf(job)).some((task) => !hasEnded(task))) live.push({ intent, job });
  }
  return live;
}

async function submitArray(
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
      `--output=${join(folder, 'summary.log')}`,
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
    `--output=${join(folder, 'task-%a.log')}`,
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
    writeFileSync(file, `${[...lines, `exec ${command.map(quote).join(' ')}`].join('\n')}\n`);
    chmodSync(file, 0o755);
  });
  return file;
}

function quote(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

class SlurmRun implements Submission {
  readonly id: string;
  readonly done: Promise<LaunchSummary>;
  private readonly emitted = new EventQueue<LaunchEvent>();
  private readonly follower: StoreFollower;
  private cancelled = false;

  constructor(
    private readonly request: LaunchRequest,
    private readonly launcher: SlurmLauncherOptions,
    private jobs: readonly ArrayJob[],
  ) {
    this.id = jobs.map(({ job }) => job).join(',');
    const hashes = new Set(jobs.flatMap(({ intent }) => intent.tasks.flat()));
    const trials = request.store.manifest().trials.filter((trial) => hashes.has(trial.hash));
    this.follower = new StoreFollower(request.store, trials);
    for (const { intent, job } of jobs) this.emitted.push({ type: 'submitted', id: job, tasks: intent.tasks.length });
    this.done = this.follow().finally(() => this.emitted.close());
    this.done.catch(() => undefined);
  }

  events(): AsyncIterable<LaunchEvent> {
    return this.emitted;
  }

  async cancel(how: 'checkpoint' | 'kill'): Promise<void> {
    this.cancelled = true;
    this.emitted.push({ type: 'stopping' });
    await cancelJobs(this.request.store, this.jobs, how);
  }

  /** Watches the store until every trial has its result, or no task is left that could bring one. */
  private async follow(): Promise<LaunchSummary> {
    const { store, hashes, follow = true } = this.request;
    while (follow && this.jobs.length > 0) {
      for (const event of this.follower.look()) this.emitted.push(event);
      if (this.follower.open.length === 0) break;
      const tasks = await this.liveTasks();
      if (tasks && !tasks.live) {
        for (const event of this.follower.look()) this.emitted.push(event);
        if (!(await this.retry(tasks.ended))) break;
      }
      await delay((this.launcher.pollSeconds ?? 5) * 1000);
    }
    return summarise(store, hashes);
  }

  /** Undefined while Slurm does not answer: the trials go on without it. */
  private async liveTasks(): Promise<{ live: boolean; ended: ReadonlyMap<string, SlurmTask> } | undefined> {
    const ended = new Map<string, SlurmTask>();
    let live = false;
    try {
      for (const { intent, job } of this.jobs) {
        for (const task of await tasksOf(job)) {
          if (!hasEnded(task)) live = true;
          for (const hash of intent.tasks[task.index] ?? []) ended.set(hash, task);
        }
      }
    } catch {
      return undefined;
    }
    return { live, ended };
  }

  /**
   * When all tasks have ended: charges trials whose process died, and submits again what may be tried again. Slurm's
   * own requeue covers lost nodes only.
   */
  private async retry(ended: ReadonlyMap<string, SlurmTask>): Promise<boolean> {
    const { store } = this.request;
    if (this.cancelled || this.jobs.some(({ intent }) => isCancelled(store, intent.jobName))) return false;
    const { limits } = store.manifest();
    const again = this.follower.open.filter((trial) => {
      const task = ended.get(trial.hash);
      if (task?.state === 'CANCELLED') return false;
      // A claim that was not released belongs to a process that died; one that stopped in order released it.
      const claim = readClaim(store.trialFolder(trial.hash));
      if (!claim) return task?.state === 'NODE_FAIL' || store.attempts(trial.hash).length > 0;
      const memory = task?.state === 'OUT_OF_MEMORY';
      const failure = recordFailure(store, trial.hash, claim.attempt, {
        kind: memory ? 'memory' : 'crash',
        message: `its Slurm task ended in state ${task?.state ?? 'unknown'}${memory ? '; raise launcher.memoryMiB' : ''}`,
      });
      if (settleFailures(store, trial, limits)) return false;
      this.emitted.push({ type: 'trial-retried', trial, failure, alone: false });
      return true;
    });
    for (const event of this.follower.look()) this.emitted.push(event);
    if (again.length === 0) return false;
    const next = await submitArray(store, again, this.launcher);
    this.jobs = [next];
    this.emitted.push({ type: 'submitted', id: next.job, tasks: next.intent.tasks.length });
    return true;
  }
}
