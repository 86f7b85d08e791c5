/** The module `gmoe`, for scripts and plug-ins: the published surface over the program's components. */
import { fileURLToPath } from 'node:url';
import { createSweeps, type Sweeps } from '@gmoe/gmoe';
import { planWithPlugins, storePlugins, usePlugins } from './plugins.js';
import { workerCommand } from './worker-command.js';

export * from '@gmoe/gmoe';
export { components, schema } from './components.js';

const program = fileURLToPath(new URL('./main.js', import.meta.url));

export const { plan, sweep }: Sweeps = createSweeps({
  async plan(spec, plugins) {
    await usePlugins(plugins, process.cwd());
    return planWithPlugins(spec);
  },
  prepare: (store) => storePlugins(store.folder),
  workerCommand: (store) => workerCommand(store.folder, {}, program),
});
