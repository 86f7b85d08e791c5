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
import { slurmOptions } from './launcher-options.js';
import { planStatus, type SweepStore } from '../store/index.js';
import { bundle, collect, fakeStore, temporaryFolder } from '../testing/fake-sweep.js';
import { createSlurmLauncher, type Launcher } from './index.js';

let worker: string;
let slurm: string;
const path = process.env['PATH'];

beforeAll(async () => {
  worker = await bundle('fake-worker');
});

beforeEach(() => {
  const programs = temporaryFolder();
  slurm = temporaryFolder();
  const source = fileURLToPath(new URL('../testing/fake-slurm.sh', import.meta.url));
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
    const store = fakeStore({ trial: { steps: 40 } });
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
    const store = fakeStore({ trial: { steps: 30 }, seeds: 2 });
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
    const store = fakeStore({ trial: { steps: 30 } }, folder);
    const run = await launcher({}, 20).submit({ store });
    const events = collect(run.events());
    await until(() => running(store));
    writeFileSync(join(slurm, 'refuse-squeue'), 'slurm_load_jobs error: Unable to contact controller');
    writeFileSync(join(slurm, 'refuse-scancel'), 'scancel: error: Access denied');
    await delay(300);
    await run.cancel('checkpoint');
    rmSync(join(slurm, 'refuse-squeue'));
    expect(await run.done).toMatchObject({ finished: 1 });
    const troubles = (await events).flatMap((event) => (event.type === 'trouble' ? [event.message] : []));
    expect(troubles).toEqual([
      'squeue: slurm_load_jobs error: Unable to contact controller; what is submitted goes on',
      'the jobs may still run: scancel: scancel: error: Access denied',
    ]);
    const [submission] = readdirSync(join(folder, 'submissions'));
    expect(readdirSync(join(folder, 'submissions', submission!))).toContain('task-0.log');
  });

  it('refuses what it cannot do with one line', async () => {
    const store = fakeStore({ seeds: 12 });
    await expect(launcher().submit({ store })).rejects.toThrow(
      'launcher.trialsPerTask: must be at least 2: the cluster takes arrays of 10 tasks (got 1 for 12 trials)',
    );
    const stopping = { id: 'asha' as const, metric: 'm', mode: 'max' as const, eta: 3, rungs: [1] };
    await expect(launcher().submit({ store, stopping })).rejects.toThrow(/stopping: .* needs launcher.id: local/);
    process.env['PATH'] = mkdirSync(join(slurm, 'nothing'), { recursive: true })!;
    await expect(launcher().submit({ store })).rejects.toThrow(/scontrol: not found: submit from a machine with Slurm/);
  });
});
