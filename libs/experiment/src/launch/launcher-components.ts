import { componentKind, defineComponent } from '@gmoe/core';
import type { LauncherHost } from './launcher-host.js';
import { localOptions, slurmOptions } from './launcher-options.js';
import type { Launcher } from './launcher.js';
import { createLocalLauncher } from './local.js';
import { createRayLauncher } from './ray/ray.js';
import { rayOptions } from './ray/ray-options.js';
import { createSlurmLauncher } from './slurm.js';

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
  description: 'as Slurm job arrays, followed through the store',
  options: slurmOptions,
  create: (options) => (host) => createSlurmLauncher({ ...host, options }),
});

export const rayLauncher = defineComponent(launcherKind, {
  id: 'ray',
  description: 'as workers on a Ray cluster, followed through the store',
  options: rayOptions,
  create: (options) => (host) => createRayLauncher({ ...host, options }),
});
