/**
 * `npm run bench -- --only stores`: what large stores cost the command that opens them, with the most memory it held.
 *
 * - 2,000 finished trials (200 arms, 10 seeds): the sweep's command again, with a report to make and with nothing to do
 * - 24 trials of 20,000 steps: `gmoe report`
 *
 * The program plans and stores the trials and is interrupted; workers that do everything but train bring them to their ends.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PROGRAM, wideSweep } from './overhead.js';

interface Measured {
  readonly seconds: number;
  /** Most memory, MB. */
  readonly memory: number;
}

/** @param until ends the command by an interrupt as soon as this is true */
async function measure(command: readonly string[], env = {}, until?: () => boolean): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, command, {
    env: { ...process.env, MLFLOW_TRACKING_URI: '', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<number | null>((done) => child.on('close', done));
  let [memory, over] = [0, false];
  void ended.then(() => (over = true));
  while (!over) {
    memory = Math.max(memory, mostMemory(child.pid!));
    if (until?.()) child.kill('SIGINT');
    await delay(20);
  }
  const code = await ended;
  if (code !== 0 && !until) throw new Error(`${command.join(' ')}: exit code ${code}`);
  return { seconds: (performance.now() - started) / 1000, memory };
}

function mostMemory(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Stores a sweep's plan as the program does, and brings its trials to their ends. */
async function fill(sweep: readonly string[], out: string, bookkeeper: string, steps: number): Promise<void> {
  await measure([PROGRAM, ...sweep, '--jobs', '1'], {}, () => existsSync(join(out, 'sweep.json')));
  await measure([bookkeeper, 'worker', out], { GMOE_BENCH_STEPS: String(steps) });
}

export async function printStores(row: (name: string, value: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-stores-'));
  const show = ({ seconds, memory }: Measured): string => `${seconds.toFixed(1)} s, ${memory.toFixed(0)} MB`;
  try {
    const { spec, set, program } = await wideSweep(folder, { densities: 100, seeds: 10 });
    const many = join(folder, 'many');
    const sweep = ['sweep', spec, ...set, '--out', many];
    await fill(sweep, many, program, 50);
    row('2,000 finished trials, the command again', `${show(await measure([PROGRAM, ...sweep]))}, its report included`);
    row('  with nothing to do', `${show(await measure([PROGRAM, ...sweep]))} (aim 10 s)`);
    const long = join(folder, 'long');
    await fill(['sweep', resolve('experiments/quickstart.yaml'), '--out', long], long, program, 20_000);
    row('24 trials of 20,000 steps, gmoe report', show(await measure([PROGRAM, 'report', long])));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
