/**
 * `npm run bench -- --only overhead`: what a sweep costs beside training.
 *
 * - a trial of the bundled base beside its training steps: the start of processes, tracing, compiling, one evaluation batch,
 *   files and the baseline, all divided by the trials
 * - what the publication of a trial costs, since everything is on the disk before
 * - planning and bookkeeping of a 500-trial sweep: planned and stored by the program, its trials run by workers that do
 *   everything but train (claims, 50 events, a checkpoint, predictions, publication), as a share of the time of 500 trials
 *   of the quickstart's length
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SweepStore } from '@gmoe/experiment';
import { build } from 'esbuild';

export const PROGRAM = resolve('dist/apps/runner/main.js');
const STEPS = [2, 8] as const;

function run(command: readonly string[], what: string): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(command[0]!, command.slice(1), {
    encoding: 'utf8',
    env: { ...process.env, MLFLOW_TRACKING_URI: '' },
  });
  if (status !== 0) throw new Error(`${what}: ${stderr}`);
  return (performance.now() - started) / 1000;
}

/** CPU seconds of the processes that this one has waited for; undefined where the kernel does not say. */
function childrenCpu(): number | undefined {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return undefined;
  }
}

export interface Overhead {
  readonly trials: number;
  /** Everything of the sweep but its training steps and its report, s a trial. */
  readonly wall: number;
  /** The same as time on a core, which other programs of the machine do not lengthen. */
  readonly cpu: number | undefined;
  readonly step: number;
}

/** What the publication of a trial costs with everything synced, s: real trials as they were before it. */
export function publicationCost(out: string): number {
  const before = `${out}-unpublished`;
  cpSync(out, before, { recursive: true, filter: (path) => !/trials.[0-9a-f]+.result\.json$/.test(path) });
  // What was copied stands in the page cache alone, as what a trial has just written.
  const store = SweepStore.open(before);
  const times = store.manifest().trials.map(({ hash }) => {
    const [attempt] = store.attempts(hash);
    const started = performance.now();
    store.publish(hash, attempt!);
    return (performance.now() - started) / 1000;
  });
  return times.reduce((sum, time) => sum + time, 0) / times.length;
}

/**
 * Runs the quickstart's arms over two seeds, one trial at a time, with few steps and with more of them: what the line
 * through both says of no step at all is the overhead.
 */
export function trialOverhead(folder: string): Overhead {
  const [few, more] = STEPS.map((steps) => {
    const spec = join(folder, `steps-${steps}.yaml`);
    const out = join(folder, `steps-${steps}`);
    const lines = [
      `extends: ${resolve('experiments/quickstart.yaml')}`,
      `trial: { task: { testLimit: 16 }, schedule: { warmupSteps: 0 }, training: { steps: ${steps} } }`,
      'seeds: [0, 1]',
    ];
    writeFileSync(spec, `${lines.join('\n')}\n`);
    const before = childrenCpu();
    const wall = run([process.execPath, PROGRAM, 'sweep', spec, '--out', out, '--jobs', '1'], 'gmoe sweep');
    const after = childrenCpu();
    // The report is made once per sweep, whatever its size; it has its own row below.
    const wallOfReport = run([process.execPath, PROGRAM, 'report', out], 'gmoe report');
    const cpuOfReport = childrenCpu();
    const trials = readdirSync(join(out, 'trials')).length;
    const cpu = before === undefined ? undefined : (after! - before - (cpuOfReport! - after!)) / trials;
    return { trials, wall: (wall - wallOfReport) / trials, cpu };
  }) as [OneRun, OneRun];
  const between = STEPS[1] - STEPS[0];
  const atNone = (a: number, b: number) => a - ((b - a) / between) * STEPS[0];
  return {
    trials: few.trials,
    wall: atNone(few.wall, more.wall),
    cpu: few.cpu === undefined ? undefined : atNone(few.cpu, more.cpu!),
    step: (more.wall - few.wall) / between,
  };
}

interface OneRun {
  readonly trials: number;
  readonly wall: number;
  readonly cpu: number | undefined;
}

export interface Bookkeeping {
  readonly trials: number;
  /** `gmoe plan`, and storing 500 configs, s. */
  readonly planning: number;
  /** The launcher and its workers over trials that do everything but train, s of wall clock. */
  readonly running: number;
  /** `gmoe report`, s. */
  readonly report: number;
}

// The quickstart's own axes go: files that build on one another keep them.
const OVERRIDES = ['coordination=none,poisson', 'router=graph'];

export interface WideSweep {
  readonly spec: string;
  /** What `gmoe` is to set. */
  readonly set: readonly string[];
  /** Runs trials without the training; as `worker STORE` those that are open. */
  readonly program: string;
  readonly launch: (out: string, id: string) => number;
}

/** Writes a sweep, by default of 500 trials in 100 arms, and builds the program that runs it without the training. */
export async function wideSweep(folder: string, size = { densities: 50, seeds: 5 }): Promise<WideSweep> {
  const spec = join(folder, 'wide.yaml');
  const densities = Array.from({ length: size.densities }, (_, index) => (index + 1) / size.densities);
  writeFileSync(
    spec,
    `extends: ${resolve('experiments/quickstart.yaml')}\nname: wide\ntrial: { router: { id: graph } }\n` +
      `grid:\n  router: { graph: { id: graph } }\n  coordination: { none: [], poisson: [{ id: poisson }] }\n  router.density: [${densities.join(', ')}]\nseeds: ${size.seeds}\n`,
  );
  const program = resolve('dist', 'bench', 'bookkeeping.mjs');
  await build({
    entryPoints: ['tools/bench/testing/bookkeeping.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
    tsconfig: 'tsconfig.base.json',
  });
  const launch = (out: string, id: string) =>
    run([process.execPath, program, 'sweep', spec, out, id, ...OVERRIDES], `bookkeeping on ${id}`);
  return { spec, set: OVERRIDES.flatMap((each) => ['--set', each]), program, launch };
}

async function sweepBookkeeping(folder: string): Promise<Bookkeeping> {
  const { spec, set, launch } = await wideSweep(folder);
  const out = join(folder, 'wide');
  const planning = run([process.execPath, PROGRAM, 'plan', spec, ...set, '--out', out], 'gmoe plan');
  const running = launch(out, 'local');
  const report = run([process.execPath, PROGRAM, 'report', out], 'gmoe report');
  const trials = readdirSync(join(out, 'trials')).length;
  return { trials, planning, running, report };
}

export async function printOverhead(row: (name: string, value: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-overhead-'));
  try {
    const trial = trialOverhead(folder);
    const cpu = trial.cpu === undefined ? '' : `, ${trial.cpu.toFixed(2)} s on a core`;
    row('a trial beside its training', `${trial.wall.toFixed(2)} s${cpu}, mean of ${trial.trials} (aim 1.5 s)`);
    const book = await sweepBookkeeping(folder);
    // 50 steps and 30 batches of test passages at about a third of a step each, as the quickstart has them.
    const quickstart = 50 * trial.step + 30 * (trial.step / 3);
    const publication = publicationCost(join(folder, `steps-${STEPS[1]}`));
    row(
      'publication of a trial, all of it synced',
      `${(1000 * publication).toFixed(1)} ms, ${((100 * publication) / (quickstart + trial.wall)).toFixed(3)} % of one as long as the quickstart’s`,
    );
    const total = book.planning + book.running;
    const share = (jobs: number) => `${((100 * total) / ((book.trials * quickstart) / jobs)).toFixed(2)} %`;
    row(
      `planning and bookkeeping, ${book.trials} trials`,
      `${book.planning.toFixed(1)} + ${book.running.toFixed(1)} s, ${((1000 * book.running) / book.trials).toFixed(0)} ms a trial`,
    );
    row('  share of trials as long as the quickstart’s', `${share(1)} of one job, ${share(2)} of two (aim 1 %)`);
    row('  report over them, once', `${book.report.toFixed(1)} s`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
