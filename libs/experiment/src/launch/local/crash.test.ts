import { describe, expect, it } from 'vitest';
import { bundle, essence, fakeLauncher, fakeStore } from '../../testing/fake-sweep.js';
import { finishedAttempts, runUnderFire } from '../../testing/kill-test.js';
import { pseudoRandom } from '../../testing/pseudo-random.js';

describe('a sweep under fire', () => {
  it('finishes every trial exactly once with the bits of an undisturbed run', async () => {
    const [worker, launch] = await Promise.all([bundle('fake-worker'), bundle('fake-launch')]);
    const raw = { grid: { steps: [11, 12, 13, 14, 15] }, seeds: 4, limits: { retries: 10 } };
    const undisturbed = fakeStore(raw);
    await (
      await fakeLauncher(worker).submit({ store: undisturbed })
    ).done;

    const store = fakeStore(raw);
    const killed = await runUnderFire(store, { worker, launch, kills: 5, stepMs: 8, jobs: 2, random: pseudoRandom(3) });
    expect(killed.launchers).toBeGreaterThan(0);
    expect(killed.workers).toBeGreaterThan(0);
    for (const { hash } of store.manifest().trials) {
      expect(finishedAttempts(store, hash)).toBe(1);
      expect(essence(store, hash)).toEqual(essence(undisturbed, hash));
    }
  });
});
