import { readFileSync, renameSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bundle, fakeLauncher, fakeStore } from '../../testing/fake-sweep.js';
import { finishedAttempts } from '../../testing/kill-test.js';
import { canRunRay, startRay, type RealRay } from '../../testing/real-ray.js';
import { canRunSlurm, startSlurm } from '../../testing/real-slurm.js';
import type { SweepStore } from '../../store/sweep-store.js';
import { createRayLauncher, createSlurmLauncher, slurmOptions, type Launcher } from '../index.js';
import { RayClient } from './ray-client.js';
import { rayOptions } from './ray-options.js';
import { openRayIntents, rayFile } from './ray-submission.js';

/** Brings up a Ray on this machine, where it is installed. The loss of a node and of the driver: apps/runner/src/ray.test.ts. */
describe.skipIf(!canRunRay())('a sweep on a real Ray', () => {
  let worker: string;
  let ray: RealRay;
  beforeAll(async () => {
    [worker, ray] = await Promise.all([bundle('fake-worker'), startRay(1)]);
  });
  afterAll(() => ray?.down());

  const workerOf = ({ folder }: SweepStore, stepMs = 0): string[] => [process.execPath, worker, folder, String(stepMs)];
  const launcher = (options: object = {}, stepMs = 0, command = workerOf): Launcher =>
    createRayLauncher({
      options: rayOptions.parse({ address: ray.address, ...options }),
      command: (store) => command(store, stepMs),
      pollSeconds: 0.3,
    });

  it('cancels with checkpoints that workers save by themselves', async () => {
    const store = fakeStore({ trial: { steps: 5000 }, seeds: 3 });
    const run = await launcher({ workers: 1 }, 20).submit({ store });
    for await (const event of run.events()) if (event.type === 'progress') await run.cancel('checkpoint');
    expect(await run.done).toMatchObject({ finished: 0, remaining: 3 });
    expect(openRayIntents(store)).toEqual([]);
    expect(readFileSync(rayFile(store, run.id, 'log'), 'utf8')).toBe('');
  });

  it('says in one line that a node does not see the store', async () => {
    const store = fakeStore({ seeds: 1 });
    // The store is not there when the worker starts, as on a node that does not share the disk.
    const onceAway = ['sh', '-c', 'while [ -d "$0" ]; do sleep 0.1; done; exec "$@"', store.folder];
    const run = await launcher({}, 0, (own) => [...onceAway, ...workerOf(own)]).submit({ store });
    renameSync(store.folder, `${store.folder}-away`);
    const client = new RayClient(ray.address);
    while ((await client.job(run.id))?.status !== 'FAILED') await delay(100);
    renameSync(`${store.folder}-away`, store.folder);
    await expect(run.done).rejects.toThrow(
      /^gmoe: .* is not on this node \(.*\): launcher.id ray needs a folder that all nodes see$/,
    );
  });

  it.skipIf(!canRunSlurm())('shares one store with local workers and Slurm: one attempt a trial', async () => {
    const slurm = await startSlurm();
    onTestFinished(() => slurm.down());
    const store = fakeStore({ grid: { steps: [10, 11, 12] }, seeds: 4 });
    const command = ({ folder }: SweepStore) => [process.execPath, worker, folder, '100'];
    const cluster = createSlurmLauncher({
      options: slurmOptions.parse({ memoryMiB: 300, concurrency: 1 }),
      command,
      pollSeconds: 0.3,
    });
    const runs = await Promise.all([
      cluster.submit({ store }),
      launcher({ workers: 1 }, 100).submit({ store }),
      fakeLauncher(worker, { stepMs: 100, jobs: 1 }).submit({ store }),
    ]);
    for (const run of runs) expect(await run.done).toMatchObject({ finished: 12, failed: 0, remaining: 0 });
    for (const { hash } of store.manifest().trials) {
      expect(store.attempts(hash)).toHaveLength(1);
      expect(finishedAttempts(store, hash)).toBe(1);
    }
  });
});
