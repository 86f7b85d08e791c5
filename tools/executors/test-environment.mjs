/**
 * Prints what tests look for outside the workspace: programs, a Python environment, data, models. It is an input of every test
 * target, so that a cached result with skipped tests is not taken for one of a machine that has them.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PROGRAMS = ['chromium', 'git', 'munged', 'python3', 'sbatch', 'slurmctld', 'taskset'];
const FOLDERS = [
  '.venv-mlflow',
  '../shared',
  'node_modules/@tensorflow/tfjs-node',
  'node_modules/@tensorflow/tfjs-node-gpu',
];

/** Whether it is set, and whether what it names is there. */
const describe = (value) => (value === undefined ? 'unset' : existsSync(value) ? 'a path that is there' : value);

const path = (process.env.PATH ?? '').split(delimiter);
const programs = PROGRAMS.filter((name) => path.some((folder) => existsSync(join(folder, name))));
const VARIABLES = [
  'CI',
  'GMOE_CACHE',
  'GMOE_MLFLOW',
  'GMOE_PYTHON',
  'GMOE_SHARED',
  'GMOE_SMOLLM2',
  'MLFLOW_TRACKING_URI',
  'VK_DRIVER_FILES',
];
console.log(
  JSON.stringify({
    node: process.version,
    platform: process.platform,
    user: process.getuid?.(),
    programs,
    folders: FOLDERS.filter((folder) => existsSync(folder)),
    variables: Object.fromEntries(VARIABLES.map((name) => [name, describe(process.env[name])])),
  }),
);
