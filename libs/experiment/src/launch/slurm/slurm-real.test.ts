import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slurmOptions } from './slurm-options.js';
import { bundle, essence, fakeLauncher, fakeStore } from '../../testing/fake-sweep.js';
import { finishedAttempts } from '../../testing/kill-test.js';
import { canRunSlurm, startSlurm, type RealSlurm } from '../../testing/real-slurm.js';
import { createSlurmLauncher } from '../index.js';

/** Brings up a Slurm with two node daemons on this machine, where it is installed. */
describe.skipIf(!canRunSlurm())('a sweep on a real Slurm', () => {
  let worker: string;
  let slurm: RealSlurm;
  beforeAll(async () => {
    [worker, slurm] = await Promise.all([bundle('fake-worker'), startSlurm()]);
  });
  afterAll(() => slurm.down());

  it('is shared by two nodes and four local workers without double work, and survives the loss of a node daemon', async () => {
    const raw = { grid: { steps: [30, 31, 32] }, seeds: 4 };
    const undisturbed = fakeStore(raw);
    await (
      await fakeLauncher(worker, { jobs: 4 }).submit({ store: undisturbed })
    ).done;

    const store = fakeStore(raw);
    const cluster = await createSlurmLauncher({
      options: slurmOptions.parse({ partition: 'main', memoryMiB: 300, concurrency: 2 }),
      command: ({ folder }) => [process.execPath, worker, folder, '50'],
      pollSeconds: 0.3,
    }).submit({ store });
    let local: ReturnType<ReturnType<typeof fakeLauncher>['submit']> | undefined;
    for await (const event of cluster.events()) {
      if (local !== undefined || event.type !== 'progress') continue;
      slurm.killNode('n1');
      local = fakeLauncher(worker, { stepMs: 50, jobs: 4 }).submit({ store });
    }
    expect(await cluster.done).toMatchObject({ finished: 12, failed: 0, remaining: 0 });
    expect(await (await local!).done).toMatchObject({ finished: 12, failed: 0, remaining: 0 });
    for (const { hash } of store.manifest().trials) {
      expect(store.attempts(hash)).toHaveLength(1);
      expect(finishedAttempts(store, hash)).toBe(1);
      expect(essence(store, hash)).toEqual(essence(undisturbed, hash));
    }
  });
});
