import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { fakeTrial } from '../testing/fake-trial.js';
import { fakeStore, planFake, temporaryFolder } from '../testing/fake-sweep.js';
import { runWorker, AttemptStopped, TrialError, type TrialExecutor } from '../worker/index.js';
import { ClaimObserver, readClaim, releaseClaim, takeClaim } from './claim.js';
import { planStatus, rerun, retryFailed, StoreError, SweepStore } from './index.js';

const never = new AbortController().signal;

function work(
  store: SweepStore,
  execute: TrialExecutor = fakeTrial(),
  staleSeconds = 60,
): ReturnType<typeof runWorker> {
  return runWorker({ store, execute, stop: never, pollSeconds: 0.02, staleSeconds });
}

const firstTrial = (store: SweepStore): { hash: string; folder: string } => {
  const { hash } = store.manifest().trials[0]!;
  return { hash, folder: store.trialFolder(hash) };
};

/** A claim of a process on another machine, which this one can know nothing about. */
function foreignClaim(folder: string, attempt: string): void {
  mkdirSync(join(folder, 'attempts', attempt), { recursive: true });
  const claim = { formatVersion: 1, attempt, owner: { host: 'elsewhere', pid: 1, started: '1' } };
  writeFileSync(join(folder, 'claim.json'), JSON.stringify(claim));
}

describe('SweepStore', () => {
  it('leaves what the formats say, and keeps results when the grid changes', async () => {
    const store = fakeStore({ grid: { steps: [2, 3] }, seeds: 2 });
    expect(await work(store)).toEqual({ published: 4, remaining: 0 });
    const { hash, folder } = firstTrial(store);
    expect(readdirSync(folder).sort()).toEqual(['attempts', 'config.json', 'result.json']);
    expect(readdirSync(store.publishedFolder(hash)!).sort()).toEqual([
      'claim.released.json',
      'config.json',
      'events.jsonl',
      'heartbeat',
      'log.txt',
      'predictions.jsonl',
      'result.json',
    ]);
    const smaller = SweepStore.create(store.folder, planFake({ grid: { steps: [3, 9] } }));
    expect(planStatus(smaller).counts).toMatchObject({ finished: 1, todo: 1 });
    expect(existsSync(join(folder, 'result.json'))).toBe(true);
  });

  it('waits for nobody: pipes and devices in place of its files are damage', async () => {
    const store = fakeStore({ grid: { steps: [2, 3] } });
    await work(store);
    const { hash, folder } = firstTrial(store);
    const result = readFileSync(join(folder, 'result.json'));
    const replace = (file: string): void => {
      rmSync(file);
      execFileSync('mkfifo', [file]);
    };
    replace(join(folder, 'result.json'));
    expect(planStatus(store).counts).toMatchObject({ damaged: 1, finished: 1 });
    rmSync(join(folder, 'result.json'));
    writeFileSync(join(folder, 'result.json'), result);
    expect(planStatus(store).counts).toMatchObject({ finished: 2 });
    replace(join(store.publishedFolder(hash)!, 'predictions.jsonl'));
    expect(planStatus(store).trials.find((trial) => trial.hash === hash)!.problem).toMatch(
      /predictions\.jsonl is not a file/,
    );
    replace(join(store.folder, 'sweep.json'));
    expect(() => SweepStore.open(store.folder)).toThrow(/sweep\.json: is not a file/);
  });

  it('refuses an edited config, a damaged result, a result of another trial and a foreign format', async () => {
    const store = fakeStore({ grid: { steps: [2, 3] } });
    await work(store);
    const [one, two] = store.manifest().trials.map((trial) => ({ ...trial, folder: store.trialFolder(trial.hash) }));
    const result = join(one!.folder, 'result.json');
    const good = readFileSync(result, 'utf8');
    const expectResult = (text: string) => {
      writeFileSync(result, text);
      return expect(() => store.result(one!.hash));
    };
    expectResult(good.slice(0, 100)).toThrow(/result\.json: is damaged: not valid JSON/);
    expectResult(good.replace('"seed": 0', '"seed": "zero"')).toThrow(/result\.json: is damaged: seed: /);
    expectResult(good.replace('"formatVersion": 1', '"formatVersion": 9')).toThrow(
      /written by another version .*\(got 9\)/,
    );
    expectResult(readFileSync(join(two!.folder, 'result.json'), 'utf8')).toThrow(/belongs to another trial/);
    expect(planStatus(store).counts).toMatchObject({ damaged: 1, finished: 1 });
    expect(rerun(store, one!.hash.slice(0, 8))).toHaveLength(1);
    expect(await work(store)).toEqual({ published: 1, remaining: 0 });

    const config = join(two!.folder, 'config.json');
    writeFileSync(config, readFileSync(config, 'utf8').replace('"steps": 3', '"steps": 30'));
    expect(() => store.config(two!.hash)).toThrow(/config\.json: was edited: it is no longer trial [0-9a-f]{16}/);
    const again = (): SweepStore => SweepStore.create(store.folder, planFake({ grid: { steps: [2, 3] } }));
    expect(again).toThrow(StoreError);
    writeFileSync(config, '');
    expect(again().config(two!.hash)['steps']).toBe(3);
    expect(store.result(two!.hash)!.status).toBe('finished');
  });

  it.each(['/proc/sweep', '/dev/null/sweep'])('says in one line that %s cannot be written', (folder) => {
    expect(() => fakeStore({}, folder)).toThrow(StoreError);
    expect(() => fakeStore({}, folder)).toThrow(new RegExp(`^${folder}`));
  });

  it('meets a full disk and a read-only store with one line and no loss', async ({ skip }) => {
    const folder = temporaryFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      skip('mounting a small file system is not permitted here');
    }
    onTestFinished(() => void execFileSync('umount', ['-l', folder]));
    const store = fakeStore({ grid: { steps: [2, 3] } }, join(folder, 'sweep'));
    const { hash } = firstTrial(store);
    await runWorker({ store, execute: fakeTrial(), stop: never, hashes: [hash] });
    const ballast = join(folder, 'ballast');
    try {
      writeFileSync(ballast, Buffer.alloc(2 ** 20));
    } catch {
      // Full now.
    }
    await expect(work(store)).rejects.toThrow(/: the disk is full: free some space and run again.*\(ENOSPC\)$/);
    expect(store.result(hash)!.status).toBe('finished');
    rmSync(ballast);
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    await expect(work(store)).rejects.toThrow(/: the file system is read-only: .*\(EROFS\)$/);
    expect(() => SweepStore.create(store.folder, planFake({}))).toThrow(/read-only/);
    expect(planStatus(store).counts).toMatchObject({ finished: 1, todo: 1, failed: 0 });
    execFileSync('mount', ['-o', 'remount,rw', folder]);
    expect(await work(store)).toEqual({ published: 1, remaining: 0 });
  });

  it('reopens failed trials from their checkpoint, and any trial from the start', async () => {
    let attempts = 0;
    const execute: TrialExecutor = async (attempt) => {
      attempts++;
      if (attempt.checkpoint === undefined && attempts === 1) {
        await attempt.saveCheckpoint(4, (folder) => writeFileSync(join(folder, 'state'), 'four'));
        throw new TrialError('broken');
      }
      return { metrics: { resumed: attempt.checkpoint?.step ?? 0 } };
    };
    const store = fakeStore({});
    const { hash } = firstTrial(store);
    await work(store, execute);
    expect(store.result(hash)).toMatchObject({ status: 'failed', error: { kind: 'error', message: 'broken' } });
    expect(await work(store, execute)).toEqual({ published: 0, remaining: 0 });
    expect(retryFailed(store)).toHaveLength(1);
    await work(store, execute);
    expect(store.result(hash)).toMatchObject({ status: 'finished', attempts: 2, metrics: { resumed: 4 } });
    rerun(store, hash);
    await work(store, execute);
    expect(store.result(hash)).toMatchObject({ attempts: 3, metrics: { resumed: 0 } });
    const kept = store
      .attempts(hash)
      .map((attempt) => existsSync(join(store.trialFolder(hash), 'attempts', attempt, 'result.json')));
    expect(kept).toEqual([true, true, true]);
    expect(() => rerun(store, 'ffff')).toThrow(/no arm and no trial of .* is named 'ffff'; arms: /);
  });

  it('fails a trial whose metric is not a number', async () => {
    const store = fakeStore({});
    await work(store, () => Promise.resolve({ metrics: { 'final/loss': Number.NaN } }));
    expect(store.result(firstTrial(store).hash)!.error!.message).toBe('the trial diverged: final/loss is NaN');
  });

  it('estimates the time left from finished trials, by arm', () => {
    const store = fakeStore({ grid: { steps: [2, 3] }, seeds: 3 });
    expect(planStatus(store).estimate).toBeUndefined();
    expect(planStatus(store, { jobs: 2, calibrationSeconds: 10 }).estimate).toEqual({
      secondsPerTrial: 10,
      secondsLeft: 30,
      basis: 0,
    });
    const [a, , , b] = store.manifest().trials;
    for (const [trial, seconds] of [
      [a!, 10],
      [b!, 40],
    ] as const) {
      const folder = store.trialFolder(trial.hash);
      const { hash, group, arm, axes, seed } = trial;
      const result = {
        formatVersion: 1,
        hash,
        group,
        arm,
        axes,
        seed,
        status: 'finished',
        attempt: 'x',
        attempts: 1,
        startedAt: 5e12,
        finishedAt: 0,
        seconds,
        metrics: {},
      };
      writeFileSync(join(folder, 'result.json'), JSON.stringify(result));
    }
    expect(planStatus(store, { jobs: 2 }).estimate).toEqual({ secondsPerTrial: 25, secondsLeft: 50, basis: 2 });
  });
});

describe('claims', () => {
  it('are given to exactly one of many, and released by their owner only', () => {
    const { folder } = firstTrial(fakeStore({}));
    const won = Array.from({ length: 20 }, (_, n) => takeClaim(folder, `a${n}`, () => false)).filter(Boolean);
    expect(won).toHaveLength(1);
    releaseClaim(folder, 'a7');
    expect(readClaim(folder)!.attempt).toBe('a0');
    releaseClaim(folder, 'a0');
    expect(readClaim(folder)).toBeUndefined();
  });

  it('are stale by a heartbeat that stands still as seen from here, whatever the clocks say', () => {
    const { folder } = firstTrial(fakeStore({}));
    foreignClaim(folder, 'x');
    const heartbeat = join(folder, 'attempts', 'x', 'heartbeat');
    let now = 0;
    const observer = new ClaimObserver(60, () => now);
    const stale = (): boolean => observer.isStale(folder, readClaim(folder)!);
    vi.useFakeTimers({ now: 0, toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    writeFileSync(heartbeat, '1');
    expect(stale()).toBe(false);
    vi.setSystemTime(9e12); // the wall clock jumps by centuries
    now = 59_000;
    expect(stale()).toBe(false);
    writeFileSync(heartbeat, '2');
    now = 70_000;
    expect(stale()).toBe(false);
    vi.setSystemTime(-9e12);
    now = 129_000;
    expect(stale()).toBe(false);
    now = 130_000;
    expect(stale()).toBe(true);
  });

  it('of a process known to be dead are taken over at once', async () => {
    const store = fakeStore({});
    const { folder } = firstTrial(store);
    takeClaim(folder, 'gone', () => false);
    const claim = JSON.parse(readFileSync(join(folder, 'claim.json'), 'utf8')) as { owner: { started: string } };
    claim.owner.started = '1'; // a process of this pid runs, but another one
    writeFileSync(join(folder, 'claim.json'), JSON.stringify(claim));
    expect(planStatus(store).counts).toMatchObject({ todo: 1, claimed: 0 });
    expect(
      await runWorker({ store, execute: fakeTrial(), stop: never, staleSeconds: 1e6, untilAllDone: false }),
    ).toEqual({
      published: 1,
      remaining: 0,
    });
  });

  it('of a silent machine are taken over, and the one that was only slow cannot overwrite', async () => {
    const store = fakeStore({ trial: { steps: 4 } });
    const { hash, folder } = firstTrial(store);
    foreignClaim(folder, '0001-slow');
    writeFileSync(join(folder, 'attempts', '0001-slow', 'heartbeat'), '1');
    expect(await work(store, fakeTrial(), 0.3)).toEqual({ published: 1, remaining: 0 });
    const winner = store.result(hash)!;
    expect(existsSync(join(folder, 'attempts', '0001-slow', 'claim.lost.json'))).toBe(true);
    const late = { ...winner, attempt: '0001-slow', metrics: { 'final/accuracy': 1 } };
    writeFileSync(join(folder, 'attempts', '0001-slow', 'result.json'), JSON.stringify(late));
    expect(store.publish(hash, '0001-slow')).toBe(false);
    expect(store.result(hash)).toEqual(winner);
    expect(() => linkSync(join(folder, 'config.json'), join(folder, 'result.json'))).toThrow(/EEXIST/);
  });

  it('let several workers share a sweep without double work', async () => {
    const store = fakeStore({ grid: { steps: [3, 4, 5] }, seeds: 4 });
    const runs = new Map<string, number>();
    const counting: TrialExecutor = (attempt) => {
      runs.set(attempt.hash, (runs.get(attempt.hash) ?? 0) + 1);
      return fakeTrial(1)(attempt);
    };
    const summaries = await Promise.all([1, 2, 3, 4].map(() => work(store, counting)));
    expect(summaries.reduce((sum, { published }) => sum + published, 0)).toBe(12);
    expect([...runs.values()]).toEqual(Array.from({ length: 12 }, () => 1));
  });

  it('are released with a checkpoint when the worker is asked to stop', async () => {
    const store = fakeStore({ trial: { steps: 1000 } });
    const stop = new AbortController();
    await runWorker({
      store,
      execute: fakeTrial(1),
      stop: stop.signal,
      onEvent: (event) => {
        if (event.type === 'event' && event.event.step === 5) stop.abort(new AttemptStopped('stop'));
      },
    });
    const { hash, folder } = firstTrial(store);
    expect(readClaim(folder)).toBeUndefined();
    const [attempt] = store.attempts(hash);
    expect(readdirSync(join(folder, 'attempts', attempt!, 'checkpoints')).map(Number)).toEqual([4, 5]);
  });
});
