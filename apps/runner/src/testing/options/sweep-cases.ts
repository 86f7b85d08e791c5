import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError, type Json } from '@gmoe/core';
import { launcherKind, loadSweep, planSweep, SweepStore, type JsonObject } from '@gmoe/experiment';
import { components, schema } from '../../components.js';

const SMALL = { task: { id: 'openstax-topics' }, router: { id: 'linear' } };
const LR = 'optimizer.learningRate';
const range = { min: 1e-4, max: 1e-2 };
const drawn = (over: JsonObject, of: Json = range): JsonObject => ({
  search: { trials: 3, space: { [LR]: of }, ...over },
});
const named = (over: JsonObject): JsonObject => ({ arms: [{ name: 'one', set: { [LR]: 0.5 }, ...over }] });
const launched = (over: JsonObject): JsonObject => ({ launcher: { id: 'slurm', ...over } });

interface SweepCase {
  readonly from?: JsonObject;
  readonly to: JsonObject;
}

/** Options of a sweep file: two files that differ in one of them give other plans, or one is refused. */
export const SWEEP_CASES: Readonly<Record<string, SweepCase>> = {
  name: { to: { name: 'other' } },
  description: { to: { description: 'why' } },
  extends: { to: { extends: 'more.yaml' } },
  preset: { to: { preset: 'lora', trial: { router: null } } },
  trial: { to: { trial: { seed: 3, [LR.split('.')[0]!]: { learningRate: 0.5 } } } },
  grid: { to: { grid: { [LR]: [0.1, 0.2] } } },
  paired: { to: { paired: [{ [LR]: [0.1, 0.2], 'training.batchSize': [2, 4] }] } },
  when: {
    from: { grid: { [LR]: [0.1, 0.2], 'training.batchSize': [2, 4] } },
    to: { grid: { [LR]: [0.1, 0.2], 'training.batchSize': [2, 4] }, when: { 'training.batchSize': { [LR]: 0.1 } } },
  },
  exclude: { from: { grid: { [LR]: [0.1, 0.2] } }, to: { grid: { [LR]: [0.1, 0.2] }, exclude: [{ [LR]: 0.2 }] } },
  'arms.name': { from: named({}), to: named({ name: 'two' }) },
  'arms.preset': { from: named({}), to: named({ preset: 'gmoe-no-graph' }) },
  'arms.set': { from: named({}), to: named({ set: { [LR]: 0.1 } }) },
  'arms.grid': { from: named({}), to: named({ grid: { 'training.batchSize': [2, 4] } }) },
  'search.method': { from: drawn({}), to: drawn({ method: 'random' }) },
  'search.trials': { from: drawn({}), to: drawn({ trials: 4 }) },
  'search.seed': { from: drawn({}), to: drawn({ seed: 1 }) },
  'search.space.min': { from: drawn({}), to: drawn({}, { ...range, min: 1e-3 }) },
  'search.space.max': { from: drawn({}), to: drawn({}, { ...range, max: 1 }) },
  'search.space.scale': { from: drawn({}), to: drawn({}, { ...range, scale: 'log' }) },
  'search.space.integer': {
    from: drawn({}, { min: 1, max: 9 }),
    to: drawn({}, { min: 1, max: 9, integer: true }),
  },
  'search.space.values': { from: drawn({}), to: drawn({}, { values: [0.1, 0.2] }) },
  seeds: { to: { seeds: 2 } },
  launcher: { from: { launcher: { id: 'local' } }, to: launched({}) },
};

/** What is known of the sweep before it runs. */
export function planOf(over: JsonObject): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-plan-'));
  try {
    const file = join(folder, 'sweep.yaml');
    writeFileSync(join(folder, 'more.yaml'), JSON.stringify({ seeds: 3 }));
    writeFileSync(file, JSON.stringify({ ...over, trial: { ...SMALL, ...(over['trial'] as object | undefined) } }));
    const { name, spec, trials } = planSweep(loadSweep(file), { schema });
    return [
      name,
      spec.description,
      spec.launcher,
      trials.map(({ arm, hash, seed, config }) => [arm, hash, seed, config]),
    ];
  } catch (error) {
    if (error instanceof UserError) return error.message.replaceAll(folder, '');
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Options of a Slurm array. */
export const SLURM_CASES: Readonly<Record<string, unknown>> = {
  partition: 'gpu',
  account: 'lab',
  qos: 'long',
  timeMinutes: 5,
  memoryMiB: 100,
  cpus: 2,
  gpus: 'a100:1',
  concurrency: 2,
  trialsPerTask: 2,
  trialsAtOnce: 2,
  signalSeconds: 60,
  constraint: 'avx512',
  setup: ['module load node'],
  extra: ['--nice=10'],
};

/** Words of sbatch and its script for an array of two trials, by programs that write down what they are given. */
export async function submittedBy(options: object): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-slurm-'));
  const said = join(folder, 'said');
  mkdirSync(join(folder, 'bin'));
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  };
  program('sbatch', `echo "$@" >> ${said}; cat "\${@: -1}" >> ${said}; echo 7`);
  program('scontrol', 'echo "MaxArraySize = 100"');
  const path = process.env['PATH'];
  process.env['PATH'] = `${join(folder, 'bin')}:${path}`;
  try {
    const file = join(folder, 'sweep.yaml');
    writeFileSync(file, JSON.stringify({ name: 's', trial: SMALL, seeds: 2 }));
    const store = SweepStore.create(join(folder, 'store'), planSweep(loadSweep(file), { schema }));
    const launcher = components.build(
      launcherKind,
      components.resolveChoice(launcherKind, { id: 'slurm', ...options }),
    )({ command: () => ['worker'] });
    await launcher.submit({ store, follow: false });
    return readFileSync(said, 'utf8')
      .replaceAll(folder, '')
      .replace(/gmoe-s-[0-9a-f]{8}/g, 'JOB');
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  } finally {
    process.env['PATH'] = path;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Options of workers on Ray. */
export const RAY_CASES: Readonly<Record<string, unknown>> = {
  address: '',
  workers: 1,
  trialsAtOnce: 2,
  cpus: 2,
  gpus: 1,
  memoryMiB: 100,
  resources: { tpu: 1 },
  'runtimeEnv.envVars': { A: 'b' },
  'runtimeEnv.workingDir': '/',
  'runtimeEnv.setup': ['module load node'],
};

/** Jobs, and the scripts that they run, which a job server is asked for a sweep of two trials. */
export async function submittedToRay(options: JsonObject): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-ray-'));
  const said: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (text: Buffer) => (body += text.toString()));
    request.on('end', () => {
      if (request.method === 'POST') said.push(body);
      const known = request.url === '/api/version' || request.method === 'POST';
      response.writeHead(known ? 200 : 404).end(JSON.stringify({ ray_version: '2' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const file = join(folder, 'sweep.yaml');
    writeFileSync(file, JSON.stringify({ name: 's', trial: SMALL, seeds: 2 }));
    const store = SweepStore.create(join(folder, 'store'), planSweep(loadSweep(file), { schema }));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const choice = components.resolveChoice(launcherKind, { id: 'ray', address, ...options });
    await components
      .build(
        launcherKind,
        choice,
      )({ command: () => ['worker'] })
      .submit({ store, follow: false });
    const written = join(store.folder, 'submissions', 'ray');
    for (const name of readdirSync(written).filter((each) => each.endsWith('.sh'))) {
      said.push(readFileSync(join(written, name), 'utf8'));
    }
    return said
      .join('\n')
      .replaceAll(folder, '')
      .replace(/gmoe-s-[0-9a-f]{8}/g, 'JOB');
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Options that take processes, a store and time: which test shows them. */
export const SHOWN_ELSEWHERE: Readonly<Record<string, readonly [file: string, words: string]>> = {
  plugins: ['apps/runner/src/plugins.test.ts', 'plugins:'],
  'limits.memoryMiB': ['libs/experiment/src/launch/local/local.test.ts', 'memoryMiB'],
  'limits.seconds': ['libs/experiment/src/launch/local/local.test.ts', 'wall-clock limit'],
  'limits.retries': ['libs/experiment/src/launch/local/local.test.ts', 'retries'],
  'stopping.metric': ['libs/experiment/src/stopping/asha.test.ts', 'metric'],
  'stopping.mode': ['libs/experiment/src/stopping/asha.test.ts', "mode: 'min'"],
  'stopping.eta': ['libs/experiment/src/stopping/asha.test.ts', 'eta'],
  'stopping.rungs': ['libs/experiment/src/stopping/asha.test.ts', 'rungs'],
  'launcher local.jobs': ['libs/experiment/src/launch/local/local.test.ts', 'jobs: 1'],
  'launcher ray.retries': ['libs/experiment/src/launch/ray/ray-retries.test.ts', 'with retries: %d'],
};

/** Of these one value is allowed. */
export const ONE_VALUE = ['formatVersion', 'stopping.id'];
