/**
 * What tracking costs: `npx tsx --tsconfig tsconfig.base.json tools/bench/tracking.ts`. Prints one line per figure; the
 * figures of a server need one (GMOE_MLFLOW, .venv-mlflow/bin/mlflow or PATH).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSpool, startUploader, syncDirectory } from '@gmoe/spool';
import { MlflowClient } from 'mlflow-js-client';
import { FakeMlflow, findMlflow, startRealMlflow } from 'mlflow-js-client/testing';

const STEP_MS = 20;
const KEYS = [
  'train/loss',
  'train/lm_loss',
  'train/learning_rate',
  'train/grad_norm',
  'train/tokens_per_second',
].concat(Array.from({ length: 15 }, (_, layer) => `routing/layer_${layer}/entropy`));
const root = mkdtempSync(join(tmpdir(), 'bench-tracking-'));
const print = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(62)} ${value}\n`);
const metricsAt = (step: number): Record<string, number> =>
  Object.fromEntries(KEYS.map((key, index) => [key, Math.sin(step + index)]));

print('load average of the machine over one minute', loadavg()[0]!.toFixed(1));
try {
  await benchRecording();
  await benchBackground();
  const executable = findMlflow();
  if (executable) await benchServer(executable);
  else print('upload to a real server', 'no mlflow found; tools/ci/install-mlflow.sh installs it');
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** One call of 20 metrics a step. */
async function benchRecording(): Promise<void> {
  const steps = 20_000;
  for (const fsyncMs of [5000, null]) {
    const run = openSpool(join(root, `record-${fsyncMs}`), { fsyncMs }).run({
      id: 'bench-run',
      experiment: 'e',
      name: 'n',
    });
    for (let step = 0; step < 1000; step++) run.metrics(step, metricsAt(step));
    const costs = new Float64Array(steps);
    for (let step = 0; step < steps; step++) {
      const metrics = metricsAt(step);
      const before = performance.now();
      run.metrics(1000 + step, metrics);
      costs[step] = performance.now() - before;
    }
    run.close();
    const mean = costs.reduce((sum, cost) => sum + cost, 0) / steps;
    const p99 = costs.sort()[Math.floor(steps * 0.99)]!;
    const share = `${((100 * mean) / STEP_MS).toFixed(3)} % of a ${STEP_MS} ms step`;
    print(
      `record 20 metrics (fsync ${fsyncMs === null ? 'at the end' : 'every 5 s'})`,
      `${(mean * 1000).toFixed(1)} µs (p99 ${(p99 * 1000).toFixed(1)} µs), ${share}`,
    );
  }
}

/** Steps of 20 ms of work, with and without recording and uploading in the same process. */
async function benchBackground(): Promise<void> {
  const fake = await FakeMlflow.start();
  const directory = join(root, 'background');
  const run = openSpool(directory).run({ id: 'bench-run', experiment: 'e', name: 'n' });
  const uploader = startUploader(directory, new MlflowClient({ trackingUri: fake.url }));
  const steps = 500;
  const work = async (record: boolean): Promise<number> => {
    const before = process.cpuUsage();
    for (let step = 0; step < steps; step++) {
      if (record) run.metrics(step, metricsAt(step));
      await new Promise((resolve) => setTimeout(resolve, STEP_MS / 2));
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / steps;
  };
  const without = await work(false);
  const withUpload = await work(true);
  await uploader.close({ timeoutMs: 10_000 });
  await fake.stop();
  print(
    'record and upload in the training process (fake server in it too)',
    `${((withUpload - without) * 1000).toFixed(0)} µs of CPU a step`,
  );
}

async function benchServer(executable: string): Promise<void> {
  const server = await startRealMlflow(executable);
  const client = new MlflowClient({ trackingUri: server.url });
  const version = await client.version();
  // A server opens its database with the first request.
  await client.experiments.get('0');
  try {
    const one = join(root, 'points');
    const run = openSpool(one).run({ id: 'bench-points', experiment: 'bench', name: 'points' });
    for (let step = 0; step < 1000; step++)
      run.metrics(step, Object.fromEntries(KEYS.slice(0, 10).map((key, index) => [key, step + index])));
    run.end();
    print(`10,000 points to mlflow ${version}`, await seconds(() => sync(one, client, false)));
    print('  verified against it', await seconds(() => sync(one, client, true)));

    const many = join(root, 'runs');
    const spool = openSpool(many, { fsyncMs: null });
    const parent = spool.run({ id: 'bench-parent', experiment: 'bench-100', name: 'parent' });
    parent.end();
    for (let index = 0; index < 100; index++) {
      const trial = spool.run({
        id: `bench-trial-${index}`,
        experiment: 'bench-100',
        name: `trial ${index}`,
        parent: 'bench-parent',
      });
      trial.params(Object.fromEntries(Array.from({ length: 60 }, (_, option) => [`option.${option}`, option * index])));
      trial.tags({ arm: `arm ${index % 8}`, seed: index });
      for (let step = 0; step < 50; step++)
        trial.metrics(step, Object.fromEntries(KEYS.slice(0, 8).map((key) => [key, step / 7])));
      trial.end();
    }
    print('100 runs (60 params, 400 points each) synced', await seconds(() => sync(many, client, false)));
    print('  the same verified', await seconds(() => sync(many, client, true)));
    print('  the same again, nothing to do', await seconds(() => sync(many, client, false)));
  } finally {
    await server.stop();
  }
}

async function sync(directory: string, client: MlflowClient, verify: boolean): Promise<void> {
  const report = await syncDirectory(directory, client, { verify });
  const differences = report.runs.flatMap((run) => run.verification?.differences ?? []);
  if (!report.complete || differences.length > 0) throw new Error(`sync: ${report.error ?? differences[0]}`);
}

async function seconds(task: () => Promise<void>): Promise<string> {
  const before = performance.now();
  await task();
  return `${((performance.now() - before) / 1000).toFixed(2)} s`;
}
