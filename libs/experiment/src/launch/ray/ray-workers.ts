import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { FORMAT_VERSION } from '../../records/index.js';
import type { SweepStore } from '../../store/sweep-store.js';
import type { LauncherHost } from '../launcher-host.js';
import { ALLOCATOR_LINE } from '../allocator.js';
import { shellLine, shellWord, writeScript } from '../worker-script.js';
import type { RayClient, RayJob, RayJobRequest } from './ray-client.js';
import type { RayOptions } from './ray-options.js';
import { isRayCancelled, markRay, openRayIntents, rayFile, recordRayIntent, type RayIntent } from './ray-submission.js';

export interface RayLauncherOptions extends LauncherHost {
  readonly options: RayOptions;
  /** Between two looks at the store and at the jobs, s. Default 5. */
  readonly pollSeconds?: number;
  /** From the request to stop to the stop by Ray, s. Default 60. */
  readonly graceSeconds?: number;
}

/** Exit code (EX_CONFIG) of a worker whose node does not see the store. */
export const NO_STORE = 78;
const MIB = 2 ** 20;

export const hasEnded = ({ status }: RayJob): boolean => status !== 'PENDING' && status !== 'RUNNING';

/** The jobs of one sweep on one cluster, each a worker. */
export class RayWorkers {
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
      ALLOCATOR_LINE,
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
