import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UserError } from '@gmoe/core';
import { FORMAT_VERSION } from '../../records/index.js';
import { MachineError } from '../../store/store-error.js';
import type { SweepStore } from '../../store/sweep-store.js';
import { MachineTrouble } from '../../worker/machine-trouble.js';
import { openTrials } from '../../worker/run-worker.js';
import { EventQueue } from '../event-queue.js';
import type { LauncherHost } from '../launcher-host.js';
import type { Launcher, LaunchEvent, LaunchRequest, LaunchSummary, Submission } from '../launcher.js';
import { StoreFollower } from '../store-follower.js';
import { summarise } from '../summary.js';
import { checkPacking, LEFT_OPEN } from '../work.js';
import { shellLine, shellWord, writeScript } from '../worker-script.js';
import { RayClient, RayUnreachable, type RayJob, type RayJobRequest } from './ray-client.js';
import { rayAddress, type RayOptions } from './ray-options.js';
import { isRayCancelled, markRay, openRayIntents, rayFile, recordRayIntent, type RayIntent } from './ray-submission.js';

export interface RayLauncherOptions extends LauncherHost {
  readonly options: RayOptions;
  /** Between two looks at the store and at the jobs, s. Default 5. */
  readonly pollSeconds?: number;
  /** From the request to stop to the stop by Ray, s. Default 60. */
  readonly graceSeconds?: number;
}

/** Exit code (EX_CONFIG) of a worker whose node does not see the store. */
const NO_STORE = 78;
const MIB = 2 ** 20;

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
      await workers.fill(openTrials(request.store, request.hashes).length);
      return new RayRun(request, launcher, workers);
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

const hasEnded = ({ status }: RayJob): boolean => status !== 'PENDING' && status !== 'RUNNING';

/** The workers of one sweep on one cluster. */
class RayWorkers {
  /** Those not known to have ended. */
  private live: RayIntent[] = [];

  constructor(
    private readonly store: SweepStore,
    private readonly client: RayClient,
    private readonly launcher: RayLauncherOptions,
    private readonly detached: boolean,
  ) {}

  get ids(): string[] {
    return this.live.map(({ submissionId }) => submissionId);
  }

  /** Takes over workers of earlier drivers; one that a driver died before submitting is submitted under its own id. */
  async adopt(): Promise<void> {
    for (const intent of openRayIntents(this.store)) {
      if (intent.address !== this.client.address) continue;
      const { submissionId } = intent;
      const job = await this.client.job(submissionId);
      const cancelled = isRayCancelled(this.store, submissionId);
      if (job ? hasEnded(job) : cancelled) markRay(this.store, submissionId, 'ended');
      else if (!cancelled) {
        this.live.push(intent);
        if (!job) await this.client.submit(this.request(intent));
      }
    }
  }

  /** Starts workers until there are enough for what is open. Returns the new ones. */
  async fill(open: number): Promise<string[]> {
    const { workers, trialsAtOnce } = this.launcher.options;
    const wanted = Math.min(workers, Math.ceil(open / trialsAtOnce));
    const fresh: string[] = [];
    while (this.live.length < wanted) {
      const name = this.store.manifest().name.slice(0, 40);
      const intent: RayIntent = {
        formatVersion: FORMAT_VERSION,
        submissionId: `gmoe-${name}-${randomBytes(4).toString('hex')}`,
        address: this.client.address,
        createdAt: Date.now(),
      };
      recordRayIntent(this.store, intent);
      await this.client.submit(this.request(intent));
      this.live.push(intent);
      fresh.push(intent.submissionId);
    }
    return fresh;
  }

  private request({ submissionId }: RayIntent): RayJobRequest {
    const { options, command, summaryCommand } = this.launcher;
    const { store } = this;
    const { envVars, workingDir, setup } = options.runtimeEnv;
    const intent = rayFile(store, submissionId, 'json');
    const packed = options.trialsAtOnce > 1 ? ['--jobs', String(options.trialsAtOnce)] : [];
    const worker = shellLine([...command(store), ...packed]);
    // Nobody may be there at the end of a detached sweep: the worker that ends it writes the report. bash waits for it.
    const run =
      this.detached && summaryCommand
        ? ['trap : TERM INT', worker, 'code=$?', `[ $code = 0 ] && ${shellLine(summaryCommand(store))}`, 'exit $code']
        : [`exec ${worker}`];
    const script = writeScript(rayFile(store, submissionId, 'sh'), [
      `exec >>${shellWord(rayFile(store, submissionId, 'log'))} 2>&1`,
      `cd ${shellWord(resolve(workingDir ?? process.cwd()))} || exit 1`,
      ...setup,
      `export GMOE_RAY_JOB=${shellWord(submissionId)}`,
      ...run,
    ]);
    const missing = `${store.folder} is not on this node ($(hostname)): launcher.id ray needs a folder that all nodes see`;
    return {
      submission_id: submissionId,
      entrypoint: `test -e ${shellWord(intent)} || { echo "gmoe: ${missing}"; exit ${NO_STORE}; }; exec bash ${shellWord(script)}`,
      entrypoint_num_cpus: options.cpus,
      ...(options.gpus === undefined ? {} : { entrypoint_num_gpus: options.gpus }),
      ...(options.memoryMiB === undefined ? {} : { entrypoint_memory: options.memoryMiB * MIB }),
      ...(Object.keys(options.resources).length === 0 ? {} : { entrypoint_resources: options.resources }),
      runtime_env: { env_vars: envVars },
      metadata: { sweep: store.manifest().name },
    };
  }

  /** What has become of the workers; those that ended are forgotten. */
  async look(): Promise<{ readonly id: string; readonly job: RayJob | undefined }[]> {
    const ended: { id: string; job: RayJob | undefined }[] = [];
    for (const { submissionId: id } of this.live) {
      const job = await this.client.job(id);
      if (!job || hasEnded(job)) ended.push({ id, job });
    }
    for (const { id } of ended) markRay(this.store, id, 'ended');
    const gone = new Set(ended.map(({ id }) => id));
    this.live = this.live.filter(({ submissionId }) => !gone.has(submissionId));
    return ended;
  }

  /** More waiting workers than open trials: those that wait in Ray's queue are not needed any more. */
  async trim(open: number): Promise<void> {
    const wanted = Math.ceil(open / this.launcher.options.trialsAtOnce);
    for (const intent of this.live.slice(wanted).reverse()) {
      if ((await this.client.job(intent.submissionId))?.status !== 'PENDING') continue;
      await this.client.stop(intent.submissionId);
    }
  }

  askToEnd(): void {
    for (const id of this.ids) markRay(this.store, id, 'cancelled');
  }

  /** @param pendingOnly those that have not begun have nothing to save */
  async stop(pendingOnly: boolean): Promise<void> {
    for (const id of this.ids) {
      if (pendingOnly && (await this.client.job(id))?.status !== 'PENDING') continue;
      await this.client.stop(id);
    }
  }

  ownWords(id: string): Promise<string | undefined> {
    return this.client.ownWords(id);
  }

  isCancelled(id: string): boolean {
    return isRayCancelled(this.store, id);
  }
}

class RayRun implements Submission {
  readonly id: string;
  readonly done: Promise<LaunchSummary>;
  private readonly emitted = new EventQueue<LaunchEvent>();
  private readonly follower: StoreFollower;
  private readonly machine: MachineTrouble;
  private cancelledAt: number | undefined;
  private trouble: string | undefined;
  /** Deaths in a row without a trial that came to its end. */
  private deaths = 0;
  /** Workers that left since something last changed in the store: others are at what is open. */
  private idled = 0;

  constructor(
    private readonly request: LaunchRequest,
    private readonly launcher: RayLauncherOptions,
    private readonly workers: RayWorkers,
  ) {
    this.id = workers.ids.join(',');
    const { store, hashes } = request;
    this.follower = new StoreFollower(store, openTrials(store, hashes));
    this.machine = new MachineTrouble(store, {}, true);
    for (const id of workers.ids) this.emitted.push({ type: 'submitted', id, tasks: 1 });
    this.done = this.follow().finally(() => this.emitted.close());
    this.done.catch(() => undefined);
  }

  events(): AsyncIterable<LaunchEvent> {
    return this.emitted;
  }

  /** Workers are asked through the store, since Ray's own stop kills after a few seconds; it follows where they do not end. */
  async cancel(how: 'checkpoint' | 'kill'): Promise<void> {
    if (this.cancelledAt === undefined) this.emitted.push({ type: 'stopping' });
    this.cancelledAt ??= performance.now();
    try {
      this.workers.askToEnd();
      await this.workers.stop(how === 'checkpoint');
    } catch (error) {
      // Nobody awaits a cancel after Ctrl-C.
      this.tellTrouble(`the workers may still run: ${messageOf(error)}`);
    }
  }

  /** Watches the store until every trial has its result, or no worker is left that could bring one. */
  private async follow(): Promise<LaunchSummary> {
    const { store, hashes, follow = true } = this.request;
    const { pollSeconds = 5 } = this.launcher;
    while (follow) {
      try {
        this.look();
        const open = this.follower.open.length;
        if (open === 0) break;
        await this.attend(open);
        this.machine.passed();
        this.trouble = undefined;
      } catch (error) {
        if (error instanceof MachineError) this.machine.report(error);
        else if (!(error instanceof RayUnreachable)) throw error;
        if (this.machine.verdict() === 'give-up') throw error;
        this.tellTrouble(`${error.message}; what runs goes on`);
      }
      if (this.workers.ids.length === 0 && (this.cancelledAt !== undefined || this.gaveUp)) break;
      await delay(pollSeconds * 1000);
    }
    this.look();
    return summarise(store, hashes);
  }

  private look(): void {
    for (const event of this.follower.look()) {
      if (event.type === 'trial-finished' || event.type === 'trial-failed') this.deaths = 0;
      this.idled = 0;
      this.emitted.push(event);
    }
  }

  private get gaveUp(): boolean {
    return this.deaths > this.launcher.options.retries;
  }

  /** Looks after the workers: starts again what died, as far as trials are open and the retries go. */
  private async attend(open: number): Promise<void> {
    for (const { id, job } of await this.workers.look()) await this.ended(id, job);
    if (this.cancelledAt !== undefined) {
      const { graceSeconds = 60 } = this.launcher;
      if (performance.now() - this.cancelledAt > graceSeconds * 1000) await this.workers.stop(false);
      return;
    }
    await this.workers.trim(open);
    if (this.gaveUp) return;
    for (const id of await this.workers.fill(open - this.idled)) this.emitted.push({ type: 'submitted', id, tasks: 1 });
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
        said ?? `${this.request.store.folder} is not on a node: launcher.id ray needs a folder that all nodes see`,
      );
    }
    if (job?.status === 'STOPPED') {
      this.deaths = Infinity;
      this.tellTrouble(`worker ${id} was stopped in Ray; the same command goes on`);
      return;
    }
    this.deaths++;
    const how = job ? (job.message ?? 'it failed').split('\n')[0]!.slice(0, 200) : 'Ray does not know it any more';
    const log = rayFile(this.request.store, id, 'log');
    const next = this.gaveUp
      ? `no more are started (launcher.retries: ${this.launcher.options.retries})`
      : 'another one takes over';
    this.tellTrouble(`worker ${id} died: ${how}; ${next}; see ${log}`);
  }

  private tellTrouble(message: string): void {
    if (message !== this.trouble) this.emitted.push({ type: 'trouble', message });
    this.trouble = message;
  }
}
