import { messageOf, UserError } from '@gmoe/core';
import type { PlannedTrial } from '../../records/index.js';
import { readClaim } from '../../store/claim.js';
import { recordFailure, settleFailures } from '../../store/failures.js';
import type { SweepStore } from '../../store/sweep-store.js';
import { NoAnswer, StoreWatch, type FollowedWorkers } from '../store-watch.js';
import type { Launcher } from '../launcher.js';
import { submitTrials, type ArrayJob, type SlurmLauncherOptions } from './slurm-array.js';
import { hasEnded, jobByName, scancel, tasksOf, type SlurmTask } from './slurm-client.js';
import { isCancelled, markCancelled, readIntents, readJob, recordJob } from './slurm-submission.js';
import { checkPacking } from '../work.js';

/** Runs trials as a Slurm job array. Progress comes from the store, which all nodes must see at the same path. */
export function createSlurmLauncher(launcher: SlurmLauncherOptions): Launcher {
  return {
    id: 'slurm',
    measuresBaselines: true,
    async submit(request) {
      checkPacking(launcher.options);
      const watch = new StoreWatch(request);
      const earlier = await liveSubmissions(request.store);
      const covered = new Set(earlier.flatMap(({ intent }) => intent.tasks.flat()));
      const trials = watch.open.filter((trial) => !covered.has(trial.hash));
      const jobs = earlier.map(({ intent, job }) => ({ intent, job }));
      const submitted = await submitTrials(request.store, trials, launcher);
      const all = [...jobs, ...submitted.jobs];
      return watch.follow(new SlurmArrays(request.store, launcher, all, submitted.rest, watch.tell));
    },
  };
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

/** Submissions in a row that may end without any progress. */
const MOST_FRUITLESS = 3;

/** The job arrays of one sweep. */
class SlurmArrays implements FollowedWorkers {
  readonly id: string;
  readonly pollSeconds: number;
  private cancelled = false;
  private liveCount = 0;
  private again = { times: 0, open: Infinity };

  constructor(
    private readonly store: SweepStore,
    private readonly launcher: SlurmLauncherOptions,
    private jobs: readonly ArrayJob[],
    /** What the cluster does not take yet. */
    private rest: readonly PlannedTrial[],
    private readonly tell: StoreWatch['tell'],
  ) {
    this.id = jobs.map(({ job }) => job).join(',');
    this.pollSeconds = launcher.pollSeconds ?? 5;
    this.tellSubmitted(jobs);
  }

  private tellSubmitted(jobs: readonly ArrayJob[]): void {
    for (const { intent, job } of jobs) this.tell({ type: 'submitted', id: job, tasks: intent.tasks.length });
    if (this.rest.length === 0) return;
    const message = `the cluster takes no more at present: ${this.rest.length} trials wait until submitted ones have ended`;
    this.tell({ type: 'trouble', message });
  }

  cancel(how: 'checkpoint' | 'kill'): Promise<void> {
    this.cancelled = true;
    return cancelJobs(this.store, this.jobs, how);
  }

  async attend(watch: StoreWatch): Promise<boolean> {
    if (this.jobs.length === 0) return false;
    const tasks = await this.liveTasks();
    if (tasks.count === 0) {
      // What came since the jobs were asked after.
      watch.look();
      if (!(await this.retry(watch, tasks.ended))) return false;
    } else if (this.rest.length > 0 && tasks.count < this.liveCount) await this.submitRest();
    this.liveCount = tasks.count;
    return true;
  }

  /** @throws NoAnswer while Slurm is silent: the trials go on without it */
  private async liveTasks(): Promise<{ count: number; ended: ReadonlyMap<string, SlurmTask> }> {
    const ended = new Map<string, SlurmTask>();
    let count = 0;
    try {
      for (const { intent, job } of this.jobs) {
        for (const task of await tasksOf(job)) {
          if (!hasEnded(task)) count++;
          for (const hash of intent.tasks[task.index] ?? []) ended.set(hash, task);
        }
      }
    } catch (error) {
      throw new NoAnswer(messageOf(error), { cause: error });
    }
    return { count, ended };
  }

  /** Tasks have ended: what waits may fit in now. */
  private async submitRest(): Promise<void> {
    if (this.cancelled) return;
    const { store } = this;
    try {
      const { jobs, rest } = await submitTrials(
        store,
        this.rest.filter(({ hash }) => !store.isPublished(hash)),
        this.launcher,
      );
      this.rest = rest;
      this.jobs = [...this.jobs, ...jobs];
      this.tellSubmitted(jobs);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }

  /**
   * When all tasks have ended: charges trials whose process died, and submits again what may be tried again. Slurm's
   * own requeue covers lost nodes only.
   */
  private async retry(watch: StoreWatch, ended: ReadonlyMap<string, SlurmTask>): Promise<boolean> {
    const { store } = this;
    if (this.cancelled || this.jobs.some(({ intent }) => isCancelled(store, intent.jobName))) return false;
    const { limits } = store.manifest();
    const again = watch.open.filter((trial) => {
      const task = ended.get(trial.hash);
      if (task?.state === 'CANCELLED') return false;
      // A claim that was not released belongs to a process that died; one that stopped in order released it.
      const claim = readClaim(store.trialFolder(trial.hash));
      if (!claim && (store.manifest().stopping || this.rest.some(({ hash }) => hash === trial.hash))) return true;
      if (!claim) return task?.state === 'NODE_FAIL' || store.attempts(trial.hash).length > 0;
      const memory = task?.state === 'OUT_OF_MEMORY';
      const failure = recordFailure(store, trial.hash, claim.attempt, {
        kind: memory ? 'memory' : 'crash',
        message: `its Slurm task ended in state ${task?.state ?? 'unknown'}${memory ? '; raise launcher.memoryMiB' : ''}`,
      });
      if (settleFailures(store, trial, limits)) return false;
      this.tell({ type: 'trial-retried', trial, failure, alone: false });
      return true;
    });
    watch.look();
    if (again.length === 0 || !this.worthAnother(again.length)) return false;
    const { jobs, rest } = await submitTrials(store, again, this.launcher);
    this.rest = rest;
    this.jobs = jobs;
    this.tellSubmitted(jobs);
    return true;
  }

  /** Tasks that end without a result and without a failed trial (a full disk, a node without the data) are not fed for ever. */
  private worthAnother(open: number): boolean {
    this.again = { times: open < this.again.open ? 1 : this.again.times + 1, open };
    if (this.again.times <= MOST_FRUITLESS) return true;
    const message = `${MOST_FRUITLESS} submissions in a row brought no trial to an end: see the task-*.log files of the last one`;
    this.tell({ type: 'trouble', message });
    return false;
  }
}
