import { defineComponent } from '@gmoe/core';
import type { Cluster } from '../cluster.js';
import { launcherKind } from '../launcher-kind.js';
import { rayOptions } from './ray-options.js';
import { isRayWorker, runRayWorker } from './ray-worker.js';
import { cancelRayWorkers, createRayLauncher } from './ray.js';

export { createRayLauncher, type RayLauncherOptions } from './ray.js';
export { rayOptions } from './ray-options.js';

export const rayLauncher = defineComponent(launcherKind, {
  id: 'ray',
  description: 'as workers on a Ray cluster, followed through the store',
  options: rayOptions,
  create: (options) => (host) => createRayLauncher({ ...host, options }),
});

export const ray: Cluster = { isWorker: isRayWorker, runWorker: runRayWorker, cancel: cancelRayWorkers };
