import { join, resolve } from 'node:path';
import {
  createLocalLauncher,
  loadSweep,
  parseSweep,
  SweepStore,
  type JsonObject,
  type LaunchEvent,
  type SweepPlan,
  type SweepSpec,
} from '@gmoe/experiment';
import type { SweepResults } from '@gmoe/report';
import { loadResults } from './load-results.js';

export interface SweepOptions {
  /** Folder of the sweep; default `runs/NAME`. */
  readonly out?: string;
  /** Trials at a time; default one per core. */
  readonly jobs?: number;
  /** `path=value[,value]` each, as `--set` takes them. */
  readonly set?: readonly string[];
  /** Plug-ins beside those that the sweep names: files and packages. */
  readonly plugins?: readonly string[];
  /** Aborted: every trial saves a checkpoint; the same call goes on from there. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: LaunchEvent) => void;
}

/** A sweep file's path, or its content. */
export type SweepSource = string | JsonObject;

export interface Sweeps {
  /** Arms and trials with their resolved configs; writes nothing. @throws UserError as `gmoe plan` */
  plan(source: SweepSource, options?: Pick<SweepOptions, 'set' | 'plugins'>): Promise<SweepPlan>;
  /** Runs what is missing of a sweep on this machine, and reads its results. @throws UserError as `gmoe sweep` */
  sweep(source: SweepSource, options?: SweepOptions): Promise<SweepResults>;
}

/** What the program gives: how plug-ins are loaded and plans made, and the command of a worker on a store. */
export interface SweepProgram {
  plan(spec: SweepSpec, plugins: readonly string[]): Promise<SweepPlan>;
  /** Leaves in the store what workers need beside it. */
  prepare(store: SweepStore): void;
  workerCommand(store: SweepStore): readonly string[];
}

export function createSweeps(program: SweepProgram): Sweeps {
  const plan: Sweeps['plan'] = (source, { set = [], plugins = [] } = {}) =>
    program.plan(
      typeof source === 'string'
        ? loadSweep(source, { set })
        : parseSweep(source, { source: 'sweep', name: 'sweep', set }),
      plugins,
    );
  return {
    plan,
    async sweep(source, options = {}) {
      const planned = await plan(source, options);
      const store = SweepStore.create(resolve(options.out ?? join('runs', planned.name)), planned);
      program.prepare(store);
      const launcher = createLocalLauncher({ command: (each) => [...program.workerCommand(each)], jobs: options.jobs });
      const submission = await launcher.submit({ store });
      const cancel = (): void => void submission.cancel('checkpoint');
      options.signal?.addEventListener('abort', cancel, { once: true });
      if (options.signal?.aborted) cancel();
      for await (const event of submission.events()) options.onEvent?.(event);
      await submission.done;
      return loadResults(store.folder);
    },
  };
}
