import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadResults } from '@gmoe/report';
import { expect, it } from 'vitest';
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
function outcome(out: string) {
  const [record] = loadResults(out).trials;
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
