/**
 * The kinds of components that the generator writes. `folder` is where one goes; `line` is what names it elsewhere, at the end of
 * `list`. A kind with an `alias` is a library of its own; the others are a file of their kind's library.
 */
const BUILT_IN = 'apps/runner/src/built-in.ts';

const library = (layer, folder, alias, file) => ({
  layer,
  file,
  folder: (name) => `${folder}/${name}`,
  alias: (name) => `@gmoe/${alias}-${name}`,
  project: (name) => `${alias}-${name}`,
  list: BUILT_IN,
  line: (name) => `export * as '@gmoe/${alias}-${name}' from '@gmoe/${alias}-${name}';`,
});

const file = (folder) => ({
  folder: () => folder,
  list: `${folder}/built-in.ts`,
  line: (name, constant) => `export { ${constant} } from './${name}.js';`,
});

const KINDS = {
  adapter: library('adapters', 'libs/adapters', 'adapters', 'adapter'),
  coordination: library('coordination', 'libs/coordination', 'coordination', 'coordination'),
  family: file('libs/families/src'),
  launcher: library('launcher', 'libs/launchers', 'launchers', 'launcher'),
  optimizer: file('libs/optimizers/src'),
  preset: file('libs/presets/src'),
  router: library('router', 'libs/routers', 'routers', 'router'),
  schedule: file('libs/schedules/src'),
  scoring: file('libs/evaluation/src/scoring'),
  selector: library('router', 'libs/selectors', 'selectors', 'selector'),
  task: library('task', 'libs/tasks', 'tasks', 'task'),
};

module.exports = { KINDS };
