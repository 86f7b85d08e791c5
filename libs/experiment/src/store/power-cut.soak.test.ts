import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundle, essence, fakeStore, planFake } from '../testing/fake-sweep.js';
import { fakeTrial } from '../testing/fake-trial.js';
import { LoopDisk, startWorkerOn } from '../testing/power-cut.js';
import { pseudoRandom } from '../testing/pseudo-random.js';
import { runWorker } from '../worker/index.js';
import { SweepStore } from './index.js';

const CUTS = 50;

describe('a cut of the power', () => {
  it(`leaves every published trial whole or lets it run again: ${CUTS} cuts`, async ({ skip }) => {
    let disk: LoopDisk;
    try {
      disk = new LoopDisk();
    } catch (error) {
      return skip(`a file system of the test's own cannot be mounted here: ${String(error)}`);
    }
    onTestFinished(() => disk.close());
    const raw = { grid: { steps: [3, 4, 5, 6] }, seeds: 10 };
    const stop = new AbortController().signal;
    const undisturbed = fakeStore(raw);
    await runWorker({ store: undisturbed, execute: fakeTrial(), stop });
    const worker = await bundle('fake-worker');
    const random = pseudoRandom(11);
    const seen = { published: 0, again: 0, lost: 0 };
    let round = 0;
    let store = fakeStore(raw, join(disk.folder, `sweep-${round}`));
    let child = startWorkerOn(worker, store.folder, 3);
    onTestFinished(() => void child.kill('SIGKILL'));
    for (let cut = 0; cut < CUTS; cut++) {
      await delay(30 + random() * 300);
      if (child.exitCode !== null) {
        store = fakeStore(raw, join(disk.folder, `sweep-${++round}`));
        child = startWorkerOn(worker, store.folder, 3);
        continue;
      }
      child.kill('SIGSTOP');
      const folder = disk.cut();
      child.kill('SIGCONT');
      let left: SweepStore;
      try {
        left = SweepStore.open(join(folder, `sweep-${round}`));
      } catch {
        // Not even the plan had been written when the power went.
        expect(store.manifest().trials.filter(({ hash }) => store.isPublished(hash)).length).toBeLessThan(3);
        disk.forget(folder);
        continue;
      }
      for (const { hash } of left.manifest().trials) {
        const result = left.readableResult(hash);
        if (!result) seen.again += left.isPublished(hash) ? 1 : 0;
        else if (left.damage(hash, result, true) === undefined) seen.published++;
        else seen.again++;
        // Whole means whole: the very bits of an undisturbed trial.
        if (result && left.damage(hash, result, true) === undefined) {
          if (JSON.stringify(essence(left, hash)) !== JSON.stringify(essence(undisturbed, hash))) seen.lost++;
        }
      }
      // What was published a while ago is still there, and the sweep can be finished from what is left.
      if (cut % 10 === 9) {
        await runWorker({ store: SweepStore.create(left.folder, planFake(raw)), execute: fakeTrial(), stop });
        for (const { hash } of left.manifest().trials) {
          expect(essence(left, hash)).toEqual(essence(undisturbed, hash));
        }
      }
      disk.forget(folder);
    }
    process.stdout.write(`power cuts: ${JSON.stringify(seen)}\n`);
    expect(seen.published).toBeGreaterThan(100);
    expect(seen).toMatchObject({ again: 0, lost: 0 });
  });
});
