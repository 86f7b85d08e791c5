import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadResults } from '@gmoe/report';
import { expect, it, onTestFinished } from 'vitest';
import { writeTinySweep } from './testing/options/tiny-inputs.js';
import { publishedFolder } from './testing/published-folder.js';
import { setUpGmoe } from './testing/run-gmoe.js';

const { gmoe, folder, program } = setUpGmoe();

const argsFor = (out: string) => [
  'train',
  'experiments/tiny-trial.yaml',
  '--out',
  out,
  '--set=trial.training.steps=12',
  '--set=trial.training.checkpointEvery=4',
  '--set=trial.training.batchSize=2',
  '--set=trial.adapter.lora.dropout=0.1',
  '--set=trial.training.accumulate=2',
  '--set=trial.training.sequenceLength=96',
  '--set=trial.task.testLimit=8',
  '--set=trial.evaluation.batchSize=2',
  '--set=trial.evaluation.sequenceLength=96',
];

/** Weights and metrics that a run left. */
function outcome(out: string, index = 0) {
  const record = loadResults(out).trials[index];
  const { metrics } = record!.result!;
  const home = publishedFolder(out, record!);
  return {
    weights: readFileSync(join(home, 'adapter', 'adapter_model.safetensors')),
    log: readFileSync(join(home, 'log.txt'), 'utf8'),
    metrics: { ...metrics, 'train/tokens_per_second': 0 },
    predictions: readFileSync(join(home, 'predictions.jsonl'), 'utf8'),
  };
}

/** Starts a run and kills it, as nobody can prepare for, once it has printed a step behind a checkpoint. */
function killAfter(text: string, out: string): Promise<NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program(), ...argsFor(out)], {
      env: { ...process.env, MLFLOW_TRACKING_URI: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.on('data', (part: Buffer) => {
      stdout += part.toString();
      if (stdout.includes(text)) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (_, signal) => resolve(signal));
  });
}

it('after kill -9 in the middle, the same command goes on and ends with the same bits', async () => {
  const [undisturbed, killed] = [join(folder(), 'undisturbed'), join(folder(), 'killed')];
  expect((await gmoe(argsFor(undisturbed))).code).toBe(0);
  expect(await killAfter('step 10 ', killed)).toBe('SIGKILL');
  expect(loadResults(killed).trials[0]!.result).toBeUndefined();
  const again = await gmoe(argsFor(killed));
  expect(again.stderr).toBe('');
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/goes on from step (8|12)/);
  const [want, got] = [outcome(undisturbed), outcome(killed)];
  expect(got.log).toMatch(/resumed after step (8|12)/);
  expect(got.weights.equals(want.weights)).toBe(true);
  expect(got.predictions).toBe(want.predictions);
  expect(got.metrics).toEqual(want.metrics);
}, 240_000);

it('a killed sweep is finished by a worker in another folder, with the bits of an undisturbed one, two trials at a time', async () => {
  const own = join(folder(), 'own');
  const trial = {
    adapter: { lora: { rank: 2, alpha: 4, dropout: 0.1 }, mixture: { experts: 4, rank: 2, alpha: 4 } },
    router: { id: 'linear' },
    coordination: [{ id: 'normal' }],
    training: { steps: 100, batchSize: 2, accumulate: 2, sequenceLength: 32, checkpointEvery: 5 },
    evaluation: { batchSize: 2, sequenceLength: 32 },
  };
  await writeTinySweep(own, trial, 2);
  const [undisturbed, killed] = [join(folder(), 'sweep-undisturbed'), join(folder(), 'sweep-killed')];
  const sweep = (out: string, jobs: number) => ['sweep', join(own, 'sweep.yaml'), '--out', out, '--jobs', String(jobs)];
  const whole = gmoe(sweep(undisturbed, 2));

  const env = { ...process.env, MLFLOW_TRACKING_URI: '' };
  const child = spawn(process.execPath, [program(), ...sweep(killed, 1)], { env, stdio: 'ignore', detached: true });
  const killAll = () => process.kill(-child.pid!, 'SIGKILL');
  onTestFinished(() => void (child.exitCode === null && child.signalCode === null && killAll()));
  const ended = new Promise((done) => child.on('close', done));
  const files = (): string[] => readdirSync(killed, { recursive: true, encoding: 'utf8' });
  while (!(child.pid && leftCheckpoint(files))) await delay(5);
  killAll();
  await ended;
  expect(loadResults(killed).trials.map(({ result }) => result)).toContain(undefined);

  const cwd = mkdtempSync(join(folder(), 'elsewhere-'));
  const args = [resolve(program()), 'worker', '--store', join('..', 'sweep-killed')];
  const worker = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
  expect(worker, worker.stdout + worker.stderr).toMatchObject({ status: 0 });
  expect(worker.stdout).toMatch(/started {3}.*seed \d \(goes on from step [1-9]/);
  expect((await whole).code).toBe(0);
  for (const index of [0, 1]) {
    const [want, got] = [outcome(undisturbed, index), outcome(killed, index)];
    expect(got.weights.equals(want.weights)).toBe(true);
    expect(got.predictions).toBe(want.predictions);
    expect(got.metrics).toEqual(want.metrics);
  }
}, 240_000);

/** Whether a trial has left a whole checkpoint; the folder may not be there yet. */
function leftCheckpoint(files: () => string[]): boolean {
  try {
    return files().some((path) => /checkpoints\/[^.][^/]*\/checkpoint\.json$/.test(path));
  } catch {
    return false;
  }
}
