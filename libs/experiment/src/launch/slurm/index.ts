import { defineComponent } from '@gmoe/core';
import type { Cluster } from '../cluster.js';
import { launcherKind } from '../launcher-kind.js';
import { slurmOptions } from './slurm-options.js';
import { isSlurmTask, runSlurmTask } from './slurm-task.js';
import { cancelSubmissions, createSlurmLauncher } from './slurm.js';

export { createSlurmLauncher } from './slurm.js';
export { slurmOptions } from './slurm-options.js';
export type { SlurmLauncherOptions } from './slurm-array.js';

export const slurmLauncher = defineComponent(launcherKind, {
  id: 'slurm',
  description: 'as Slurm job arrays, followed through the store',
  options: slurmOptions,
  create: (options) => (host) => createSlurmLauncher({ ...host, options }),
});

export const slurm: Cluster = { isWorker: isSlurmTask, runWorker: runSlurmTask, cancel: cancelSubmissions };
