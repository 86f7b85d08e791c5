import { defineComponent } from '@gmoe/core';
import { launcherKind } from '../launcher-kind.js';
import { localOptions } from './local-options.js';
import { createLocalLauncher } from './local.js';

export { createLocalLauncher, type LocalLauncherOptions } from './local.js';

export const localLauncher = defineComponent(launcherKind, {
  id: 'local',
  description: 'on this machine, each worker a process of its own',
  options: localOptions,
  create:
    ({ jobs }) =>
    ({ command }) =>
      createLocalLauncher({ command, jobs }),
});
