import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { planStatus, SweepStore } from '@gmoe/experiment';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { writeTinyBase, writeTinyData } from './testing/options/tiny-inputs.js';
import { setUpGmoe } from './testing/run-gmoe.js';

const { folder, program } = setUpGmoe();
const asRoot = process.getuid?.() === 0;

const trialOf = (steps: number) => ({
  base: 'base',
  task: { id: 'classification', dataDir: 'data', trainFile: 'rows.csv' },
  adapter: { lora: { rank: 2, alpha: 4 }, mixture: null },
  training: { steps, batchSize: 2, sequenceLength: 32 },
  schedule: { warmupSteps: 1 },
  evaluation: { batchSize: 2, sequenceLength: 32 },
});

const at = (name: string): string => join(folder(), name);
const statusOf = (name: string) => planStatus(SweepStore.open(at(name))).counts;

/** Runs a line of bash in which `$G` is the program and `$D` the folder. */
function shell(line: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const G = `${process.execPath} ${resolve(program())}`;
    const env = { ...process.env, G, D: folder(), MLFLOW_TRACKING_URI: '', NO_COLOR: '1' };
    const child = spawn('bash', ['-c', line], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

beforeAll(async () => {
  writeTinyData(at('data'));
  await writeTinyBase(at('base'));
  writeFileSync(at('sweep.yaml'), JSON.stringify({ name: 'own', trial: trialOf(2), seeds: 1 }));
  writeFileSync(at('long.yaml'), JSON.stringify(trialOf(100_000)));
});

describe('a machine with limits', () => {
  it('output that nobody reads, and a log on a full disk, stop no sweep', async () => {
    expect((await shell('$G sweep $D/sweep.yaml --out $D/piped --jobs 1 | head -1')).code).toBe(0);
    expect(statusOf('piped')).toMatchObject({ finished: 1 });
    if (!existsSync('/dev/full')) return;
    const { code } = await shell('$G sweep $D/sweep.yaml --out $D/full --jobs 1 > /dev/full 2> /dev/full');
    expect(code).toBe(0);
    expect(statusOf('full')).toMatchObject({ finished: 1 });
  });

  it('a terminal that closes leaves gmoe train a checkpoint, from which the same command goes on', async () => {
    const train = spawn(process.execPath, [program(), 'train', at('long.yaml'), '--out', at('hung-up')]);
    onTestFinished(() => void train.kill('SIGKILL'));
    const ended = new Promise<number | null>((done) => train.on('close', done));
    await new Promise<void>((begun) => {
      const look = (text: Buffer) => text.toString().includes('step ') && begun();
      train.stdout.on('data', look);
      train.stderr.on('data', look);
    });
    train.kill('SIGHUP');
    expect(await ended).toBe(130);
    const again = spawn(process.execPath, [program(), 'train', at('long.yaml'), '--out', at('hung-up')]);
    onTestFinished(() => void again.kill('SIGKILL'));
    let said = '';
    const take = (text: Buffer) => (said += text.toString());
    again.stdout.on('data', take);
    again.stderr.on('data', take);
    await expect.poll(() => said).toMatch(/goes on from step [1-9]/);
    again.kill('SIGKILL');
  });

  it('few open files: the trials stand, whether or not there is room for the report', async () => {
    const { code, stderr } = await shell('ulimit -n 64; $G sweep $D/sweep.yaml --out $D/few --jobs 1');
    expect(statusOf('few')).toMatchObject({ finished: 1, failed: 0 });
    expect([0, 1]).toContain(code);
    if (code === 1) expect(stderr).toMatch(/^gmoe: no report \(EMFILE: [^\n]*\); the trials' results stand\n$/);
  });

  it('little memory for addresses: given up after three processes, in one line with the reason, no trial failed', async () => {
    // Room for the program itself, whose loading needs some 0.9 GB of addresses, and none for a worker's.
    const { code, stderr } = await shell('ulimit -v 1500000; $G sweep $D/sweep.yaml --out $D/narrow --jobs 1');
    // Another version of Node may need less.
    if (code === 0) return;
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(1);
    expect(stderr).toMatch(/^gmoe: the worker process ends before it begins a trial \(.*3 in a row\): /);
    expect(statusOf('narrow')).toMatchObject({ failed: 0, todo: 1 });
  });

  it('a full disk: one line, no trial charged; with room, the same command finishes', async ({ skip }) => {
    mkdirSync(at('disk'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at('disk')], { stdio: 'ignore' });
    } catch {
      return skip('no file system of its own can be mounted here');
    }
    onTestFinished(() => void execFileSync('umount', ['-l', at('disk')]));
    const { code, stderr } = await shell('$G sweep $D/sweep.yaml --out $D/disk/sweep --jobs 1');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^gmoe: [^\n]*the disk is full: free some space and run again[^\n]*\(ENOSPC\)\n$/);
    expect(statusOf('disk/sweep')).toMatchObject({ failed: 0 });
    execFileSync('mount', ['-o', 'remount,size=20m', at('disk')]);
    expect(await shell('$G sweep $D/sweep.yaml --out $D/disk/sweep --jobs 1')).toMatchObject({ code: 0 });
    expect(statusOf('disk/sweep')).toMatchObject({ finished: 1, failed: 0 });
  });
});

/** As a user who owns nothing here, and has no home. */
const STRANGER = 'setpriv --reuid=54321 --regid=54321 --clear-groups';

it.skipIf(!asRoot)(
  'a user without a home: a small model needs none; where a copy is to be kept, the message says how',
  async () => {
    execFileSync('chmod', ['-R', 'a+rX', folder()]);
    const homeless = `${STRANGER} env -u HOME -u XDG_CACHE_HOME HF_ENDPOINT=http://127.0.0.1:9`;
    const written = await shell(`${homeless} $G generate --base $D/base --prompt x --max-tokens 3`);
    expect(written).toMatchObject({ code: 0, stderr: '' });
    const pulled = await shell(`${homeless} $G pull org/none`);
    expect(pulled).toMatchObject({ code: 2, stdout: '' });
    expect(pulled.stderr).toMatch(
      /^gmoe: HF_HOME: must name a folder for copies, since this user has no home folder\n$/,
    );
  },
);

describe('files of somebody else', () => {
  /** As a user who owns nothing here. */
  const stranger = asRoot ? `${STRANGER} env HOME=/tmp ` : '';

  it('a report that cannot be written, and a store that cannot be read, end in one line; results stand', async () => {
    expect(await shell('$G sweep $D/sweep.yaml --out $D/theirs --jobs 1')).toMatchObject({ code: 0 });
    const report = readFileSync(at('theirs/report.html'), 'utf8');
    const trials = () => readdirSync(at('theirs/trials'), { recursive: true }).map(String).sort();
    const before = trials();
    execFileSync('chmod', ['-R', 'a+rX', folder()]);
    execFileSync('chmod', ['-R', 'a-w', at('theirs')]);
    onTestFinished(() => void execFileSync('chmod', ['-R', 'u+rwX', at('theirs')]));
    const told = await shell(`${stranger}$G report $D/theirs`);
    expect(told.stdout + told.stderr).not.toMatch(/\n {4}at /);
    const again = await shell(`${stranger}$G sweep $D/sweep.yaml --out $D/theirs --jobs 1`);
    expect(again.stderr.trim().split('\n').length).toBe(1);
    expect(again.stderr).toMatch(/EACCES|EROFS|permission|may not/);
    expect(readFileSync(at('theirs/report.html'), 'utf8')).toBe(report);
    expect(trials()).toEqual(before);
    chmodSync(at('theirs'), 0o000);
    const unreadable = await shell(`${stranger}$G plan $D/sweep.yaml --out $D/theirs`);
    expect(unreadable).toMatchObject({ code: 2, stdout: '' });
    expect(unreadable.stderr.trim().split('\n').length).toBe(1);
    chmodSync(at('theirs'), 0o755);
    expect(statusOf('theirs')).toMatchObject({ finished: 1 });
  });
});
