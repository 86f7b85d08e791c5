import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { retryFailed, SweepStore, planStatus } from '../../store/index.js';
import {
  bundle,
  collect,
  essence,
  fakeLauncher,
  fakeStore,
  planFake,
  temporaryFolder,
} from '../../testing/fake-sweep.js';

let worker: string;
beforeAll(async () => {
  worker = await bundle('fake-worker');
});

describe('local launcher', () => {
  it('runs what is missing, and only that', async () => {
    const folder = temporaryFolder();
    const store = fakeStore({ grid: { steps: [3, 4] }, seeds: 2 }, folder);
    const first = await fakeLauncher(worker).submit({ store });
    const [events, summary] = await Promise.all([collect(first.events()), first.done]);
    expect(summary).toEqual({ finished: 4, failed: 0, remaining: 0, damaged: 0, stopped: 0 });
    const count = (type: string): number => events.filter((event) => event.type === type).length;
    expect([count('trial-started'), count('trial-finished'), count('progress')]).toEqual([4, 4, 2 * 5 + 2 * 6]);

    const grown = SweepStore.create(folder, planFake({ grid: { steps: [4, 5] }, seeds: 2 }));
    const second = await fakeLauncher(worker).submit({ store: grown });
    const started = (await collect(second.events())).flatMap((e) => (e.type === 'trial-started' ? [e.trial.axes] : []));
    expect(started).toEqual([{ steps: 5 }, { steps: 5 }]);
    expect(planStatus(grown).counts).toMatchObject({ finished: 4, todo: 0 });
    expect(store.result(events.find((e) => e.type === 'trial-finished')!.trial.hash)!.status).toBe('finished');
  });

  it('isolates every way to fail, retries what may pass, and goes on', async () => {
    const faults = ['heap-once', 'patient', 'throw', 'abort', 'exit', 'memory', 'flaky', 'kill-once', 'infrastructure'];
    const store = fakeStore({ grid: { fault: faults }, limits: { retries: 1, memoryMiB: 300 } });
    const run = await fakeLauncher(worker).submit({ store });
    const [events, summary] = await Promise.all([collect(run.events()), run.done]);
    const outcome = Object.fromEntries(
      store.manifest().trials.map((trial) => {
        const result = store.result(trial.hash)!;
        return [trial.axes['fault'], result.error?.kind ?? result.status];
      }),
    );
    expect(outcome).toEqual({
      patient: 'finished',
      throw: 'error',
      abort: 'crash',
      exit: 'crash',
      memory: 'memory',
      flaky: 'finished',
      'kill-once': 'finished',
      infrastructure: 'infrastructure',
      'heap-once': 'finished',
    });
    expect(summary).toEqual({ finished: 4, failed: 5, remaining: 0, damaged: 0, stopped: 0 });
    const startedOf = (fault: string): number =>
      events.filter((event) => event.type === 'trial-started' && event.trial.axes['fault'] === fault).length;
    expect(['throw', 'memory', 'abort', 'infrastructure', 'flaky'].map(startedOf)).toEqual([1, 1, 2, 2, 2]);
    const alone = events.flatMap((e) => (e.type === 'trial-retried' && e.alone ? [e.trial.axes['fault']] : []));
    expect(alone).toEqual(['heap-once']);
    const thrown = store.manifest().trials.find((trial) => trial.axes['fault'] === 'throw')!;
    expect(store.result(thrown.hash)!.error!.message).toBe('shapes do not fit');
    expect(readFileSync(join(store.publishedFolder(thrown.hash)!, 'log.txt'), 'utf8')).toContain(
      'TypeError: shapes do not fit',
    );

    expect(retryFailed(store)).toHaveLength(5);
    expect(planStatus(store).counts).toMatchObject({ finished: 4, todo: 5, failed: 0 });
  });

  it('ends a trial that hangs in one call, and one that runs too long, at the wall-clock limit', async () => {
    const store = fakeStore({ grid: { fault: ['hang', 'slow'] }, limits: { seconds: 0.5 } });
    const run = await fakeLauncher(worker).submit({ store });
    expect(await run.done).toMatchObject({ failed: 2 });
    const problems = planStatus(store).trials.map((trial) => trial.problem);
    expect(problems[0]).toMatch(/^ran for \d+ s and did not stop when asked; limits.seconds is 0.5$/);
    expect(problems[1]).toBe('ran longer than limits.seconds = 0.5');
    expect(store.manifest().trials.map((trial) => store.attempts(trial.hash).length)).toEqual([1, 1]);
  });

  it('stops with a checkpoint, releases the claim, and goes on from there to the same bits', async () => {
    const raw = { trial: { steps: 120 }, seeds: 2 };
    const undisturbed = fakeStore(raw);
    await (
      await fakeLauncher(worker).submit({ store: undisturbed })
    ).done;

    const store = fakeStore(raw);
    const run = await fakeLauncher(worker, { stepMs: 10 }).submit({ store });
    const paused: string[] = [];
    for await (const event of run.events()) {
      if (event.type === 'progress' && event.event.step === 10) void run.cancel('checkpoint');
      if (event.type === 'trial-paused') paused.push(event.trial.hash);
    }
    expect(paused.length).toBeGreaterThan(0);
    expect(await run.done).toMatchObject({ finished: 0, remaining: 2 });
    expect(planStatus(store).counts).toMatchObject({ todo: 2, claimed: 0 });

    const resumed = await fakeLauncher(worker).submit({ store });
    const starts = (await collect(resumed.events())).flatMap((e) =>
      e.type === 'trial-started' ? [e.resumedFrom ?? 0] : [],
    );
    expect(Math.max(...starts)).toBeGreaterThanOrEqual(10);
    for (const { hash } of store.manifest().trials) expect(essence(store, hash)).toEqual(essence(undisturbed, hash));
  });

  it('ends the sweep with one line when the disk is full, and holds nothing against the trial', async () => {
    const store = fakeStore({ trial: { fault: 'disk-full' } });
    const run = await fakeLauncher(worker).submit({ store });
    await expect(run.done).rejects.toThrow(
      /the disk is full: free some space and run again, finished trials are kept \(ENOSPC\)/,
    );
    expect(planStatus(store).counts).toMatchObject({ todo: 1, failed: 0, claimed: 0 });
  });

  it('says so if the worker does not start', async () => {
    const broken = join(temporaryFolder(), 'broken.mjs');
    writeFileSync(broken, "throw new Error('no such engine');");
    const run = await fakeLauncher(broken).submit({ store: fakeStore({}) });
    await expect(run.done).rejects.toThrow(
      /the worker process does not start \(exit code 1, 3 in a row\): Error: no such engine/,
    );
  });

  it('gives up with the reason when workers die before they begin', async () => {
    const early = join(temporaryFolder(), 'early.mjs');
    const die = "process.on('message', () => { console.error('no memory for the model'); process.exit(9); });";
    writeFileSync(early, `${die} process.send({ type: 'ready' });`);
    const run = await fakeLauncher(early, { jobs: 1 }).submit({ store: fakeStore({ seeds: 2 }) });
    await expect(run.done).rejects.toThrow(
      'the worker process ends before it begins a trial (exit code 9, 3 in a row): no memory for the model',
    );
  });

  it('tries once more, in another process, what nobody can explain', async () => {
    const store = fakeStore({ grid: { fault: ['odd', 'odd-once'] } });
    const run = await fakeLauncher(worker, { jobs: 1 }).submit({ store });
    expect(await run.done).toMatchObject({ finished: 1, failed: 1 });
    const [odd, once] = store.manifest().trials.map((trial) => store.result(trial.hash)!);
    expect(odd).toMatchObject({ attempts: 2, error: { kind: 'unknown' } });
    expect(odd!.error!.message).toBe('2 attempts failed, the last one: nobody knows');
    expect(once).toMatchObject({ status: 'finished', attempts: 2 });
  });

  it('notices a worker that stands still, ends it and takes its trial over', async () => {
    const store = fakeStore({ trial: { fault: 'freeze-once' } });
    const run = await fakeLauncher(worker, { staleSeconds: 3 }).submit({ store });
    const [events, summary] = await Promise.all([collect(run.events()), run.done]);
    expect(summary).toMatchObject({ finished: 1, failed: 0 });
    const retried = events.flatMap((event) => (event.type === 'trial-retried' ? [event.failure.message] : []));
    expect(retried).toHaveLength(1);
    expect(retried[0]).toMatch(/^its process stood still for \d+ s and was ended$/);
  });

  it('waits while the store is away, and ends complete and equal to an undisturbed sweep', async () => {
    const raw = { trial: { steps: 60 }, seeds: 3 };
    const undisturbed = fakeStore(raw);
    await (
      await fakeLauncher(worker).submit({ store: undisturbed })
    ).done;

    const folder = join(temporaryFolder(), 'sweep');
    const store = fakeStore(raw, folder);
    const run = await fakeLauncher(worker, { stepMs: 10 }).submit({ store });
    const troubles: string[] = [];
    let away = false;
    for await (const event of run.events()) {
      if (event.type === 'trouble') troubles.push(event.message);
      if (away || event.type !== 'progress' || event.event.step !== 10) continue;
      away = true;
      renameSync(folder, `${folder}-away`);
      setTimeout(() => renameSync(`${folder}-away`, folder), 1500);
    }
    expect(await run.done).toMatchObject({ finished: 3, failed: 0, remaining: 0 });
    expect(troubles.length).toBeGreaterThan(0);
    for (const trouble of troubles) expect(trouble).toContain(folder);
    for (const { hash } of store.manifest().trials) expect(essence(store, hash)).toEqual(essence(undisturbed, hash));
  });
});
