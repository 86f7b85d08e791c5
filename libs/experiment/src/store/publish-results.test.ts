import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeStore, planFake, temporaryFolder } from '../testing/fake-sweep.js';
import { runWorker, type TrialExecutor } from '../worker/index.js';
import { planStatus, publishResults, SweepStore } from './index.js';

const prediction = { id: 'a', gold: 0, predicted: 1, correct: false, scores: [-1.23456789, -0.5] };

/** Leaves what a real trial does, and a file that is not to be published. */
const execute: TrialExecutor = ({ folder, seed }) => {
  writeFileSync(join(folder, 'predictions.jsonl'), `${JSON.stringify(prediction)}\n`);
  writeFileSync(join(folder, 'weights.safetensors'), 'heavy');
  const metrics = { 'eval/accuracy': 0.5 + seed / 300, 'routing/layer_0/entropy': 0.1 };
  return Promise.resolve({ metrics });
};

async function finished(raw: Parameters<typeof fakeStore>[0]): Promise<SweepStore> {
  const store = fakeStore(raw);
  await runWorker({ store, execute, stop: new AbortController().signal, pollSeconds: 0.02 });
  return store;
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

describe('published results', () => {
  it('hold configs, results and predictions in few digits, and nothing else', async () => {
    const store = await finished({ seeds: 2 });
    const to = join(temporaryFolder(), 'results');
    expect(publishResults(store.folder, to)).toEqual({ added: 2, present: 0, missing: 0 });
    expect([...new Set(filesBelow(to))].sort()).toEqual([
      'config.json',
      'predictions.jsonl',
      'result.json',
      'sweep.json',
    ]);
    const [, second] = store.manifest().trials;
    const published = SweepStore.open(to);
    const result = published.result(second!.hash)!;
    expect(result.metrics).toEqual({ 'eval/accuracy': 0.503333 });
    const attempt = join(published.trialFolder(second!.hash), 'attempts', result.attempt);
    expect(JSON.parse(readFileSync(join(attempt, 'predictions.jsonl'), 'utf8'))).toEqual({
      ...prediction,
      scores: [-1.2346, -0.5],
    });
    expect(published.damage(second!.hash, result, true)).toBeUndefined();
    expect(published.config(second!.hash)).toEqual(store.config(second!.hash));
  });

  it('let a sweep go on: what is published counts as done', async () => {
    const plan = { grid: { steps: [2, 3] }, seeds: 2 };
    const to = join(temporaryFolder(), 'results');
    publishResults((await finished({ grid: { steps: [2] }, seeds: 2 })).folder, to);
    const folder = join(temporaryFolder(), 'run');
    publishResults(to, folder);
    const states = planStatus(SweepStore.create(folder, planFake(plan))).arms.map(({ trials }) =>
      trials.map(({ state }) => state),
    );
    expect(states).toEqual([
      ['finished', 'finished'],
      ['todo', 'todo'],
    ]);
  });

  it('join seeds of several machines, and say what is missing', async () => {
    const to = join(temporaryFolder(), 'results');
    const first = await finished({ seeds: [0] });
    publishResults(first.folder, to);
    const other = await finished({ seeds: [1, 2] });
    expect(publishResults(other.folder, to)).toEqual({ added: 2, present: 0, missing: 0 });
    expect(publishResults(other.folder, to)).toEqual({ added: 0, present: 2, missing: 0 });
    const open = fakeStore({ seeds: [0, 7] });
    expect(publishResults(open.folder, to)).toEqual({ added: 0, present: 1, missing: 1 });
    expect(
      SweepStore.open(to)
        .manifest()
        .trials.map(({ seed }) => seed),
    ).toEqual([0, 7, 1, 2]);
    expect(existsSync(join(to, 'trials'))).toBe(true);
  });

  it('refuses a folder without a sweep', () => {
    expect(() => publishResults(temporaryFolder(), join(temporaryFolder(), 'to'))).toThrow(/holds no sweep/);
  });
});
