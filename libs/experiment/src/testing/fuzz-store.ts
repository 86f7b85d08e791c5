import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { mutations } from '@gmoe/core/testing';
import { expect, onTestFinished } from 'vitest';
import { loadSweep, planSweep } from '../spec/index.js';
import { planStatus, readStops, SweepStore, withdrawDamaged } from '../store/index.js';
import { runWorker } from '../worker/index.js';
import { exampleSchema } from './example-schema.js';
import { fakeStore, temporaryFolder } from './fake-sweep.js';
import { fakeTrial } from './fake-trial.js';

const SWEEP = `name: table
extends: []
trial: { base: bundled, router: { id: graph, width: 64 }, steps: 3 }
grid:
  optimizer.learningRate: [1.0e-4, 2.0e-4]
  coordination: { none: [], both: [{ id: poisson }, { id: normal, coefficient: 0.5 }] }
when: { router.density: { router.id: graph } }
exclude: [{ optimizer.learningRate: 1.0e-4, coordination: both }]
arms: [{ name: own, set: { steps: 4 } }]
search: { method: random, trials: 3, space: { adapter.rank: { min: 2, max: 16, integer: true } } }
seeds: [0, 1]
limits: { retries: 1, seconds: 60 }
stopping: { id: asha, eta: 3, rungs: [2, 4] }
`;

/** The slowest that one damaged input may be, ms. */
const SLOWEST = 10_000;

/** Runs something on a damaged input: it works, or it is refused in one line, soon. */
function survives(action: () => unknown, input: () => string): void {
  const started = performance.now();
  try {
    action();
  } catch (error) {
    if (!(error instanceof UserError)) throw new Error(`an internal error on ${input()}`, { cause: error });
    expect(error.message).not.toContain('\n');
  }
  expect(performance.now() - started).toBeLessThan(SLOWEST);
}

/** Damages a sweep file. */
export function fuzzSweepFiles(count: number, seed: number): void {
  const file = join(temporaryFolder(), 'sweep.yaml');
  for (const bytes of mutations(Buffer.from(SWEEP), count, seed)) {
    writeFileSync(file, bytes);
    survives(
      () => planSweep(loadSweep(file), { schema: exampleSchema }),
      () => JSON.stringify(bytes.toString('latin1')),
    );
  }
}

/** Damages every file of a store, one after the other, and reads it in every way. */
export async function fuzzStore(count: number, seed: number): Promise<void> {
  // In memory: thousands of stores are copied.
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : temporaryFolder(), 'gmoe-fuzz-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const whole = fakeStore({ grid: { steps: [2, 3] }, stopping: undefined } as never, join(root, 'whole'));
  const stop = new AbortController().signal;
  await runWorker({ store: whole, execute: fakeTrial(), stop });
  mkdirSync(join(whole.folder, 'stops'), { recursive: true });
  const folder = join(root, 'damaged');
  const files = readdirSync(whole.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.jsonl?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(whole.folder.length + 1))
    .filter((path) => !path.startsWith('drivers'));
  for (const [index, path] of files.entries()) {
    for (const bytes of mutations(readFileSync(join(whole.folder, path)), count, seed + index)) {
      rmSync(folder, { recursive: true, force: true });
      cpSync(whole.folder, folder, { recursive: true });
      writeFileSync(join(folder, path), bytes);
      const input = (): string => `${path}: ${JSON.stringify(bytes.toString('latin1'))}`;
      survives(() => {
        const store = SweepStore.open(folder);
        planStatus(store);
        readStops(store);
        const { hash } = store.manifest().trials[0]!;
        survives(() => store.config(hash), input);
        withdrawDamaged(store);
        planStatus(store);
      }, input);
      expect(existsSync(join(folder, path)) || path.endsWith('result.json'), path).toBe(true);
    }
  }
}
