import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { slurmOptions } from './slurm-options.js';
import { planStatus, readStops, type SweepStore } from '../../store/index.js';
import { bundle, collect, fakeLauncher, fakeStore, temporaryFolder } from '../../testing/fake-sweep.js';
import { createSlurmLauncher, type Launcher } from '../index.js';

let worker: string;
let slurm: string;
const path = process.env['PATH'];

beforeAll(async () => {
  worker = await bundle('fake-worker');
});

beforeEach(() => {
  const programs = temporaryFolder();
  slurm = temporaryFolder();
  const source = fileURLToPath(new URL('../../testing/fake-slurm.sh', import.meta.url));
  copyFileSync(source, join(programs, 'fake-slurm'));
  chmodSync(join(programs, 'fake-slurm'), 0o755);
  for (const name of ['sbatch', 'squeue', 'scancel', 'scontrol', 'fake-task']) {
    symlinkSync('fake-slurm', join(programs, name));
  }
  Object.assign(process.env, { PATH: `${programs}:${path}`, FAKE_SLURM: slurm });
  return () => Object.assign(process.env, { PATH: path, FAKE_SLURM: '' });
});

function launcher(options: object = {}, stepMs = 0, summary = false): Launcher {
  return createSlurmLauncher({
    options: slurmOptions.parse({ ...options }),
    command: (store) => [process.execPath, worker, store.folder, String(stepMs)],
    ...(summary ? { summaryCommand: (store: SweepStore) => ['touch', join(store.folder, 'summary here')] } : {}),
    pollSeconds: 0.1,
  });
}

const calls = (): string[] => readFileSync(join(slurm, 'calls'), 'utf8').trim().split('\n');

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10);
}

const running = (store: SweepStore): boolean => planStatus(store).counts.claimed > 0;

describe('slurm launcher', () => {
  it('submits an array with the options given, follows it, and closes with a dependent summary job', async () => {
    const store = fakeStore({ grid: { steps: [2, 3] }, seeds: 2 });
    const options = {
      partition: 'gpu',
      account: 'lab',
      timeMinutes: 90,
      memoryMiB: 8000,
      gpus: 'a100:1',
      concurrency: 2,
      trialsPerTask: 2,
      extra: ['--nice=10'],
    };
    const run = await launcher(options, 0, true).submit({ store });
    const [events, summary] = await Promise.all([collect(run.events()), run.done]);
    expect(summary).toMatchObject({ finished: 4, remaining: 0 });
    expect(events[0]).toEqual({ type: 'submitted', id: run.id, tasks: 2 });
    expect(events.filter((event) => event.type === 'trial-finished')).toHaveLength(4);
    const [array, after] = calls().filter((call) => call.startsWith('sbatch'));
    const words = array!.split(' ');
    for (const word of [
      '--array=0-1%2',
      '--requeue',
      '--signal=B:USR1@120',
      '--cpus-per-task=1',
      '--time=90',
      '--mem=8000M',
      '--gpus=a100:1',
      '--partition=gpu',
      '--account=lab',
      '--nice=10',
    ]) {
      expect(words).toContain(word);
    }
    expect(after).toContain(`--dependency=afterany:${run.id}`);
    await until(() => existsSync(join(store.folder, 'summary here')));
  });

  it('checkpoints on SIGUSR1, requeues itself and resumes', async () => {
    const store = fakeStore({ trial: { steps: 100 } });
    const run = await launcher({}, 20).submit({ store });
    let signalled = false;
    for await (const event of run.events()) {
      if (signalled || event.type !== 'progress' || event.event.step < 5) continue;
      signalled = true;
      process.kill(Number(readFileSync(join(slurm, run.id, '0.pid'), 'utf8')), 'SIGUSR1');
    }
    expect(await run.done).toMatchObject({ finished: 1 });
    expect(calls()).toContain(`scontrol requeue ${run.id}_0`);
    const { hash } = store.manifest().trials[0]!;
    expect(store.result(hash)!.attempts).toBe(2);
    expect(readFileSync(join(store.publishedFolder(hash)!, 'log.txt'), 'utf8')).toMatch(/resumed from step \d+/);
  });

  it('cancels: running tasks save a checkpoint and do not requeue, waiting ones never start', async () => {
    const store = fakeStore({ trial: { steps: 1000 }, seeds: 3 });
    const run = await launcher({ concurrency: 1 }, 20).submit({ store });
    await until(() => running(store));
    await until(() => store.attempts(store.manifest().trials[0]!.hash).length === 1);
    await run.cancel('checkpoint');
    expect(await run.done).toMatchObject({ finished: 0, remaining: 3 });
    expect(planStatus(store).counts).toMatchObject({ todo: 3, claimed: 0 });
    expect(calls().some((call) => call.startsWith('scontrol requeue'))).toBe(false);
    expect(store.manifest().trials.map((trial) => store.attempts(trial.hash).length)).toEqual([1, 0, 0]);
  });

  it('submits again what died, and gives up after the retries', async () => {
    const store = fakeStore({ grid: { fault: ['kill-once', 'abort'] }, limits: { retries: 1 } });
    const run = await launcher().submit({ store });
    const [events, summary] = await Promise.all([collect(run.events()), run.done]);
    expect(summary).toMatchObject({ finished: 1, failed: 1, remaining: 0 });
    expect(events.filter((event) => event.type === 'submitted')).toHaveLength(2);
    const failed = planStatus(store).trials.find((trial) => trial.state === 'failed')!;
    expect(failed.problem).toBe('2 attempts failed, the last one: its Slurm task ended in state FAILED');
  });

  it('finds the job of a driver that died right after sbatch, and does not submit twice', async () => {
    const store = fakeStore({ trial: { steps: 100 }, seeds: 2 });
    const first = await launcher({}, 20).submit({ store, follow: false });
    const [submission] = readFileSync(join(slurm, first.id, 'name'), 'utf8').split('\n');
    rmSync(join(store.folder, 'submissions', submission!, 'job.json'));
    const second = await launcher({}, 20).submit({ store });
    expect(second.id).toBe(first.id);
    expect(await second.done).toMatchObject({ finished: 2 });
    expect(calls().filter((call) => call.startsWith('sbatch'))).toHaveLength(1);
  });

  it('takes any folder, tells when Slurm does not answer, and a cancel that fails is told, not thrown', async () => {
    const folder = join(temporaryFolder(), '100% of é');
    const store = fakeStore({ trial: { steps: 100 } }, folder);
    const run = await launcher({}, 20).submit({ store });
    const troubles: string[] = [];
    const heard = (async () => {
      for await (const event of run.events()) if (event.type === 'trouble') troubles.push(event.message);
    })();
    await until(() => running(store));
    writeFileSync(join(slurm, 'refuse-squeue'), 'slurm_load_jobs error: Unable to contact controller');
    writeFileSync(join(slurm, 'refuse-scancel'), 'scancel: error: Access denied');
    await until(() => troubles.length > 0);
    await run.cancel('checkpoint');
    rmSync(join(slurm, 'refuse-squeue'));
    expect(await run.done).toMatchObject({ finished: 1 });
    await heard;
    expect(troubles).toEqual([
      'squeue: slurm_load_jobs error: Unable to contact controller; what runs goes on',
      'the workers may still run: scancel: scancel: error: Access denied',
    ]);
    const [submission] = readdirSync(join(folder, 'submissions'));
    expect(readdirSync(join(folder, 'submissions', submission!))).toContain('task-0.log');
  });

  it('splits what exceeds the largest array, and waits where a limit on queued tasks is met', async () => {
    const store = fakeStore({ trial: { steps: 1 }, seeds: 11 });
    expect((await launcher({ trialsAtOnce: 1 }).submit({ store, follow: false })).id.split(',')).toHaveLength(2);
    const arrays = calls().flatMap((call) => /--array=\S+/.exec(call)?.[0] ?? []);
    expect(arrays).toEqual(['--array=0-9', '--array=0-0']);

    writeFileSync(join(slurm, 'limit'), '2');
    const limited = fakeStore({ trial: { steps: 10 }, seeds: 5 });
    await until(() => planStatus(store).counts.finished === 11);
    const run = await launcher({}, 100).submit({ store: limited });
    const [events, summary] = await Promise.all([collect(run.events()), run.done]);
    expect(summary).toMatchObject({ finished: 5, failed: 0, remaining: 0 });
    const sizes = events.flatMap((event) => (event.type === 'submitted' ? [event.tasks] : []));
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(5);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2);
    expect(events).toContainEqual({
      type: 'trouble',
      message: 'the cluster takes no more at present: 3 trials wait until submitted ones have ended',
    });
    for (const { hash } of limited.manifest().trials) expect(limited.attempts(hash)).toHaveLength(1);
  });

  it('runs several trials of a task at once, each in a process of its own', async () => {
    const store = fakeStore({ trial: { steps: 30 }, seeds: 4 });
    const run = await launcher({ cpus: 2, trialsAtOnce: 2, trialsPerTask: 4 }, 20).submit({ store });
    expect(await run.done).toMatchObject({ finished: 4, failed: 0 });
    const times = store.manifest().trials.map(({ hash }) => store.result(hash)!);
    const beside = times.map((one) =>
      times.filter((other) => other.startedAt < one.finishedAt && one.startedAt < other.finishedAt),
    );
    expect(beside.some((others) => others.length > 1)).toBe(true);
    expect(calls().filter((call) => call.startsWith('sbatch'))).toHaveLength(1);
  });

  it('stops arms early as the local launcher does', async () => {
    const stopping = { id: 'asha' as const, rungs: [2, 4] };
    const raw = { trial: { steps: 8 }, grid: { quality: [0.9, 0.1, 0.2, 0.3, 0.4, 0.5] }, seeds: 2, stopping };
    const [here, there] = [fakeStore(raw), fakeStore(raw)];
    await (
      await fakeLauncher(worker).submit({ store: here })
    ).done;
    const run = await launcher({ concurrency: 2 }).submit({ store: there });
    const [events, summary] = await Promise.all([collect(run.events()), run.done]);
    const decisions = (store: SweepStore) => readStops(store).map(({ arm, step, rank }) => ({ arm, step, rank }));
    expect(decisions(there)).toEqual(decisions(here));
    expect(summary.finished + summary.stopped).toBe(12);
    expect(events.filter((event) => event.type === 'arm-stopped')).toHaveLength(decisions(here).length);
  });

  it('refuses what it cannot do with one line', async () => {
    const store = fakeStore({ seeds: 12 });
    await expect(launcher({ trialsAtOnce: 4, cpus: 2 }).submit({ store })).rejects.toThrow(
      'launcher.trialsAtOnce: must be at most launcher.cpus, here 2 (got 4)',
    );
    process.env['PATH'] = mkdirSync(join(slurm, 'nothing'), { recursive: true })!;
    await expect(launcher().submit({ store })).rejects.toThrow(/scontrol: not found: submit from a machine with Slurm/);
  });
});
