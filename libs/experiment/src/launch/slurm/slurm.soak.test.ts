import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { slurmOptions } from './slurm-options.js';
import { bundle, essence, fakeLauncher, fakeStore } from '../../testing/fake-sweep.js';
import { finishedAttempts } from '../../testing/kill-test.js';
import { canRunSlurm, startSlurm, type RealSlurm } from '../../testing/real-slurm.js';
import { createSlurmLauncher, type Launcher } from '../index.js';

/** Brings up a Slurm with two node daemons on this machine, where it is installed. */
describe.skipIf(!canRunSlurm())('slurm launcher on a real Slurm', () => {
  let worker: string;
  let slurm: RealSlurm;
  beforeAll(async () => {
    [worker, slurm] = await Promise.all([bundle('fake-worker'), startSlurm()]);
  });
  afterAll(() => slurm.down());

  const launcher = (stepMs: number, options: object = {}): Launcher =>
    createSlurmLauncher({
      options: slurmOptions.parse({ memoryMiB: 300, ...options }),
      command: (store) => [process.execPath, worker, store.folder, String(stepMs)],
      pollSeconds: 0.5,
    });

  it('shares a sweep with local workers without double work', async () => {
    const store = fakeStore({ grid: { steps: [20, 21, 22] }, seeds: 4 });
    const cluster = await launcher(50, { concurrency: 2 }).submit({ store });
    const local = await fakeLauncher(worker, { stepMs: 50, jobs: 2 }).submit({ store });
    expect(await local.done).toMatchObject({ finished: 12, remaining: 0 });
    expect(await cluster.done).toMatchObject({ finished: 12, remaining: 0 });
    for (const { hash } of store.manifest().trials) {
      expect(store.attempts(hash)).toHaveLength(1);
      expect(finishedAttempts(store, hash)).toBe(1);
    }
  }, 120_000);

  it('checkpoints on SIGUSR1, is requeued and resumes', async () => {
    const store = fakeStore({ trial: { steps: 100 } });
    const run = await launcher(50).submit({ store });
    let signalled = false;
    for await (const event of run.events()) {
      if (signalled || event.type !== 'progress') continue;
      signalled = true;
      execFileSync('timeout', ['20', 'scancel', '--batch', '--signal=USR1', `${run.id}_0`]);
    }
    const { hash } = store.manifest().trials[0]!;
    expect(store.result(hash)!.attempts).toBe(2);
    expect(readFileSync(join(store.publishedFolder(hash)!, 'log.txt'), 'utf8')).toMatch(/resumed from step \d+/);
  }, 300_000);

  it('cancels with checkpoints', async () => {
    const store = fakeStore({ trial: { steps: 5000 }, seeds: 6 });
    const run = await launcher(50, { concurrency: 2 }).submit({ store });
    for await (const event of run.events()) {
      if (event.type === 'progress') await run.cancel('checkpoint');
    }
    await run.cancel('checkpoint'); // of what has ended: nothing happens
    expect(await run.done).toMatchObject({ finished: 0, remaining: 6 });
  }, 120_000);

  it('survives the death of a node daemon in the middle', async () => {
    const raw = { grid: { steps: [60, 61, 62] }, seeds: 4 };
    const undisturbed = fakeStore(raw);
    await (
      await fakeLauncher(worker).submit({ store: undisturbed })
    ).done;
    const store = fakeStore(raw);
    const run = await launcher(100).submit({ store });
    let killed = false;
    for await (const event of run.events()) {
      if (killed || event.type !== 'progress' || event.event.step < 10) continue;
      killed = true;
      slurm.killNode('n1');
      onTestFinished(() => slurm.startNode('n1'));
    }
    expect(await run.done).toMatchObject({ finished: 12, failed: 0, remaining: 0 });
    for (const { hash } of store.manifest().trials) expect(essence(store, hash)).toEqual(essence(undisturbed, hash));
  }, 400_000);
});
