import { UserError } from '@gmoe/core';
import type { SweepStore } from '../../store/sweep-store.js';
import { StoreWatch, type FollowedWorkers } from '../store-watch.js';
import type { Launcher, LaunchEvent } from '../launcher.js';
import { checkPacking, LEFT_OPEN } from '../work.js';
import { RayClient, type RayJob } from './ray-client.js';
import { rayAddress } from './ray-options.js';
import { markRay, openRayIntents, rayFile } from './ray-submission.js';
import { hasEnded, NO_STORE, RayWorkers, type RayLauncherOptions } from './ray-workers.js';

export type { RayLauncherOptions } from './ray-workers.js';

/**
 * Runs trials on a Ray cluster: as many long workers as are needed, each a job that takes trials from the store until none is left.
 * All nodes must see the store at the same path; a node that does not is told of in one line.
 */
export function createRayLauncher(launcher: RayLauncherOptions): Launcher {
  return {
    id: 'ray',
    measuresBaselines: true,
    async submit(request) {
      checkPacking(launcher.options);
      const client = new RayClient(rayAddress(launcher.options));
      await client.version();
      const workers = new RayWorkers(request.store, client, launcher, request.follow === false);
      await workers.adopt();
      const watch = new StoreWatch(request);
      await workers.fill(watch.open.length);
      return watch.follow(new RayCrew(request.store, launcher, workers, watch.tell));
    },
  };
}

/** Cancels a sweep's workers on Ray, whoever submitted them. Returns the ids of their jobs. */
export async function cancelRayWorkers(store: SweepStore, how: 'checkpoint' | 'kill'): Promise<string[]> {
  const cancelled: string[] = [];
  for (const { submissionId, address } of openRayIntents(store)) {
    const client = new RayClient(address);
    // First of all: workers look there, also where Ray does not answer.
    markRay(store, submissionId, 'cancelled');
    const job = await client.job(submissionId);
    if (!job || hasEnded(job)) continue;
    cancelled.push(submissionId);
    if (how === 'kill' || job.status === 'PENDING') await client.stop(submissionId);
  }
  return cancelled;
}

/** Looks after the workers of a sweep: starts again what died, as far as trials are open and the retries go. */
class RayCrew implements FollowedWorkers {
  readonly id: string;
  readonly pollSeconds: number;
  private cancelledAt: number | undefined;
  /** Deaths in a row without a trial that came to its end. */
  private deaths = 0;
  /** Workers that left since something last changed in the store: others are at what is open. */
  private idled = 0;

  constructor(
    private readonly store: SweepStore,
    private readonly launcher: RayLauncherOptions,
    private readonly workers: RayWorkers,
    private readonly tell: StoreWatch['tell'],
  ) {
    this.id = workers.ids.join(',');
    this.pollSeconds = launcher.pollSeconds ?? 5;
    for (const id of workers.ids) tell({ type: 'submitted', id, tasks: 1 });
  }

  /** Workers are asked through the store, since Ray's own stop kills after a few seconds; it follows where they do not end. */
  cancel(how: 'checkpoint' | 'kill'): Promise<void> {
    this.cancelledAt ??= performance.now();
    this.workers.askToEnd();
    return this.workers.stop(how === 'checkpoint');
  }

  private get gaveUp(): boolean {
    return this.deaths > this.launcher.options.retries;
  }

  async attend(watch: StoreWatch, events: readonly LaunchEvent[]): Promise<boolean> {
    if (events.length > 0) this.idled = 0;
    if (events.some(({ type }) => type === 'trial-finished' || type === 'trial-failed')) this.deaths = 0;
    for (const { id, job } of await this.workers.look()) await this.ended(id, job);
    if (this.cancelledAt !== undefined) {
      const { graceSeconds = 60 } = this.launcher;
      if (performance.now() - this.cancelledAt > graceSeconds * 1000) await this.workers.stop(false);
    } else {
      const open = watch.open.length;
      await this.workers.trim(open);
      if (!this.gaveUp) {
        for (const id of await this.workers.fill(open - this.idled)) this.tell({ type: 'submitted', id, tasks: 1 });
      }
    }
    return this.workers.ids.length > 0 || (this.cancelledAt === undefined && !this.gaveUp);
  }

  private async ended(id: string, job: RayJob | undefined): Promise<void> {
    if (job?.status === 'SUCCEEDED' || this.workers.isCancelled(id)) return;
    if (job?.driver_exit_code === LEFT_OPEN) {
      this.idled++;
      return;
    }
    if (job?.driver_exit_code === NO_STORE) {
      const said = await this.workers.ownWords(id);
      throw new UserError(
        said ?? `${this.store.folder} is not on a node: launcher.id ray needs a folder that all nodes see`,
      );
    }
    if (job?.status === 'STOPPED') {
      this.deaths = Infinity;
      this.tell({ type: 'trouble', message: `worker ${id} was stopped in Ray; the same command goes on` });
      return;
    }
    this.deaths++;
    const how = job ? firstLine(job.message ?? 'it failed') : 'Ray does not know it any more';
    const log = rayFile(this.store, id, 'log');
    const next = this.gaveUp
      ? `no more are started (launcher.retries: ${this.launcher.options.retries})`
      : 'another one takes over';
    this.tell({ type: 'trouble', message: `worker ${id} died: ${how}; ${next}; see ${log}` });
  }
}

/** What Ray says of a job's end, without the log that it puts behind it. */
function firstLine(message: string): string {
  return message.split(/, last available logs|\n/)[0]!.slice(0, 200);
}
