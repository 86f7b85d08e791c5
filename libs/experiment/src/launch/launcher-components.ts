import { componentKind, defineComponent } from '@gmoe/core';
import type { SweepStore } from '../store/sweep-store.js';
import { localOptions, slurmOptions } from './launcher-options.js';
import type { Launcher } from './launcher.js';
import { createLocalLauncher } from './local.js';
import { createSlurmLauncher } from './slurm.js';

/** What the program gives a launcher to start. */
export interface LauncherHost {
  /** The command of a worker on the store: it calls `startWorker`. */
  readonly command: (store: SweepStore) => readonly string[];
  /** The command that writes the report, for launchers whose trials end when nobody watches. */
  readonly summaryCommand?: ((store: SweepStore) => readonly string[]) | undefined;
}

/** A launcher as configured; the program says what it starts. */
export type LauncherFactory = (host: LauncherHost) => Launcher;

/** Where trials run, by `launcher.id` in a sweep file or `--launcher`. */
export const launcherKind = componentKind<LauncherFactory>('launcher');

export const localLauncher = defineComponent(launcherKind, {
  id: 'local',
  description: 'on this machine, each worker a process of its own',
  options: localOptions,
  create:
    ({ jobs }) =>
    ({ command }) =>
      createLocalLauncher({ command, jobs }),
});

export const slurmLauncher = defineComponent(launcherKind, {
  id: 'slurm',
  description: 'as a Slurm job array, followed through the store',
  options: slurmOptions,
  create: (options) => (host) => createSlurmLauncher({ ...host, options }),
});
