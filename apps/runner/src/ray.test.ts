import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SweepStore } from '@gmoe/experiment';
import { canRunRay, startRay, type RealRay } from '@gmoe/experiment/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeLetterModel } from './testing/letter-model.js';
import { setUpGmoe } from './testing/run-gmoe.js';

const { gmoe, folder, program } = setUpGmoe();

/** Six arms of two seeds on a model of letters. */
const SWEEP = `name: letters
trial:
  base: ./letters
  task: { id: classification, trainFile: train.csv, testFile: test.csv, prompt: '{text}' }
  adapter: { mixture: { experts: 4, rank: 2 } }
  training: { steps: 40, batchSize: 2, sequenceLength: 8, checkpointEvery: 10 }
  evaluation: { sequenceLength: 8 }
grid:
  router.id: [linear, cosine]
  optimizer.learningRate: [1.0e-3, 3.0e-3, 1.0e-2]
seeds: 2
`;

/** Brings up a Ray with two raylets on this machine, where it is installed. */
describe.skipIf(!canRunRay())('gmoe sweep --launcher ray', () => {
  let ray: RealRay;
  let node: number;
  beforeAll(async () => {
    ray = await startRay(1);
    node = ray.addNode(1);
  });
  afterAll(() => ray?.down());

  const attempts = (store: SweepStore) => store.manifest().trials.map(({ hash }) => store.attempts(hash).length);
  /** What a trial gave: the adapter's bytes, its predictions and its metrics. */
  const outcome = (store: SweepStore, hash: string) => {
    const home = store.publishedFolder(hash)!;
    const { metrics } = store.result(hash)!;
    return {
      adapter: readFileSync(join(home, 'adapter', 'adapter_model.safetensors')).toString('base64'),
      predictions: readFileSync(join(home, 'predictions.jsonl'), 'utf8'),
      metrics: Object.fromEntries(Object.entries(metrics).filter(([name]) => name.startsWith('eval/'))),
    };
  };

  it('killed in the middle together with a raylet goes on: each trial once, bits equal, nothing submitted twice', async () => {
    const home = join(folder(), 'letters-sweep');
    mkdirSync(home);
    writeLetterModel(join(home, 'letters'));
    const rows = (letters: string) => [
      'text,label',
      ...[...letters].flatMap((letter) => [`a${letter},a`, `b${letter},b`]),
    ];
    writeFileSync(join(home, 'train.csv'), rows('abcdefghij').join('\n'));
    writeFileSync(join(home, 'test.csv'), rows('klmnopqrs').join('\n'));
    writeFileSync(join(home, 'sweep.yaml'), SWEEP);
    writeFileSync(join(home, 'cluster.yaml'), `address: ${ray.address}\nworkers: 2\n`);
    const [there, here] = [join(home, 'there'), join(home, 'here')];
    const onRay = ['--launcher', 'ray', '--profile', join(home, 'cluster.yaml')];
    const args = ['sweep', join(home, 'sweep.yaml'), '--out', there, ...onRay];

    const driver = spawn(process.execPath, [program(), ...args], {
      env: { ...process.env, MLFLOW_TRACKING_URI: '' },
      stdio: 'ignore',
    });
    const gone = new Promise((resolve) => driver.once('exit', (_, signal) => resolve(signal)));
    const done = () => {
      const store = SweepStore.open(there);
      return store.manifest().trials.filter(({ hash }) => store.isPublished(hash)).length;
    };
    while (!readdirSync(home).includes('there') || !readdirSync(there).includes('sweep.json') || done() < 2)
      await delay(50);
    driver.kill('SIGKILL');
    ray.killNode(node);
    expect(await gone).toBe('SIGKILL');
    const store = SweepStore.open(there);
    const intents = () => readdirSync(join(there, 'submissions', 'ray')).filter((name) => name.endsWith('.json'));
    const before = intents();
    expect(before).toHaveLength(2);
    expect(done()).toBeLessThan(12);

    const again = await gmoe(args);
    expect(again.stderr).toBe('');
    expect(again.code).toBe(0);
    expect(done()).toBe(12);
    // One worker was lost, with at most one trial in its hands, and one took its place.
    expect(attempts(store).every((count) => count <= 2)).toBe(true);
    expect(attempts(store).filter((count) => count === 2).length).toBeLessThanOrEqual(1);
    const jobs = (await (await fetch(`${ray.address}/api/jobs/`)).json()) as { submission_id: string }[];
    expect(jobs.map(({ submission_id }) => `${submission_id}.json`).sort()).toEqual(intents().sort());
    expect(intents()).toEqual(expect.arrayContaining(before));
    expect(intents().length).toBeLessThanOrEqual(3);

    expect((await gmoe(['sweep', join(home, 'sweep.yaml'), '--out', here, '--jobs', '2'])).code).toBe(0);
    const local = SweepStore.open(here);
    for (const { hash } of store.manifest().trials) expect(outcome(store, hash)).toEqual(outcome(local, hash));
  }, 300_000);
});
