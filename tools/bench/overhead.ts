/**
 * `npm run bench -- --only overhead`: what a sweep costs beside training.
 *
 * - a trial of the bundled base beside its training steps: `(wall of the sweep - sum of step times) / trials`, with the start of
 *   processes, tracing, compiling, one evaluation batch, files and report in it
 * - planning and bookkeeping of a 500-trial sweep: planned and stored by the program, its trials run by workers that do
 *   everything but train (claims, 50 events, a checkpoint, predictions, publication), as a share of the time of 500 trials
 *   of the quickstart's length
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const PROGRAM = resolve('dist/apps/runner/main.js');
const STEPS = 6;

interface Event {
  readonly time: number;
  readonly type: string;
  readonly step: number;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

function run(command: readonly string[], what: string): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(command[0]!, command.slice(1), {
    encoding: 'utf8',
    env: { ...process.env, MLFLOW_TRACKING_URI: '' },
  });
  if (status !== 0) throw new Error(`${what}: ${stderr}`);
  return (performance.now() - started) / 1000;
}

const readLines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);

/** Seconds of each trial of a sweep, and of one of its steps, in the order in which they ran. */
function trialsOf(folder: string): { seconds: number; step: number; startedAt: number; group: string }[] {
  return readdirSync(join(folder, 'trials'))
    .map((name) => {
      const home = join(folder, 'trials', name);
      const result = JSON.parse(readFileSync(join(home, 'result.json'), 'utf8')) as {
        attempt: string;
        seconds: number;
        startedAt: number;
        group: string;
      };
      const steps = readLines(join(home, 'attempts', result.attempt, 'events.jsonl')).filter(
        ({ type }) => type === 'step',
      );
      const between = steps.slice(1).map(({ time }, index) => (time - steps[index]!.time) / 1000);
      return { seconds: result.seconds, step: median(between), startedAt: result.startedAt, group: result.group };
    })
    .sort((a, b) => a.startedAt - b.startedAt);
}

export interface Overhead {
  readonly trials: number;
  /** Everything of the sweep but its training steps, s a trial. */
  readonly perTrial: number;
  /** The first trial of a process, a new arm, a further seed of an arm: medians, s. */
  readonly first: number;
  readonly newArm: number;
  readonly nextSeed: number;
  readonly step: number;
}

/** Runs the quickstart's arms over two seeds for a few steps, one trial at a time. */
export function trialOverhead(folder: string): Overhead {
  const out = join(folder, 'short');
  const spec = join(folder, 'short.yaml');
  writeFileSync(
    spec,
    `extends: ${resolve('experiments/quickstart.yaml')}\nname: short\ntrial: { task: { testLimit: 16 }, training: { steps: ${STEPS} } }\nseeds: [0, 1]\n`,
  );
  const wall = run([process.execPath, PROGRAM, 'sweep', spec, '--out', out, '--jobs', '1'], 'gmoe sweep');
  const trials = trialsOf(out);
  const training = trials.reduce((sum, { step }) => sum + STEPS * step, 0);
  const beside = trials.map(({ seconds, step }) => seconds - STEPS * step);
  const seeds = trials.map(({ group }, index) => index > 0 && trials[index - 1]!.group === group);
  return {
    trials: trials.length,
    perTrial: (wall - training) / trials.length,
    first: beside[0]!,
    newArm: median(beside.filter((_, index) => index > 0 && !seeds[index])),
    nextSeed: median(beside.filter((_, index) => seeds[index])),
    step: median(trials.map(({ step }) => step)),
  };
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

/** A sweep of 500 trials in 100 arms without the training. */
export async function sweepBookkeeping(folder: string): Promise<Bookkeeping> {
  const spec = join(folder, 'wide.yaml');
  const densities = Array.from({ length: 50 }, (_, index) => (index + 1) / 50);
  writeFileSync(
    spec,
    `extends: ${resolve('experiments/quickstart.yaml')}\nname: wide\ntrial: { router: { id: graph } }\n` +
      `grid:\n  router: { graph: { id: graph } }\n  coordination: { none: [], poisson: [{ id: poisson }] }\n  router.density: [${densities.join(', ')}]\nseeds: 5\n`,
  );
  // The quickstart's own axes go: files that build on one another keep them.
  const set = ['--set', 'coordination=none,poisson', '--set', 'router=graph'];
  const out = join(folder, 'wide');
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
  const planning = run([process.execPath, PROGRAM, 'plan', spec, ...set, '--out', out], 'gmoe plan');
  const running = run(
    [process.execPath, program, 'sweep', spec, out, ...set.filter((word) => word !== '--set')],
    'bookkeeping',
  );
  const report = run([process.execPath, PROGRAM, 'report', out], 'gmoe report');
  const trials = readdirSync(join(out, 'trials')).length;
  return { trials, planning, running, report };
}

export async function printOverhead(row: (name: string, value: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-overhead-'));
  try {
    const trial = trialOverhead(folder);
    row('a trial beside its training', `${trial.perTrial.toFixed(2)} s, mean of ${trial.trials} (aim 1.5 s)`);
    row(
      '  first of a process, new arm, further seed',
      [trial.first, trial.newArm, trial.nextSeed].map((seconds) => `${seconds.toFixed(2)} s`).join(', '),
    );
    const book = await sweepBookkeeping(folder);
    // 50 steps and 30 batches of test passages at about a third of a step each, as the quickstart has them.
    const quickstart = 50 * trial.step + 30 * (trial.step / 3);
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
