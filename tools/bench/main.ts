/**
 * `npm run bench`: how fast the training step is, each figure as a ratio against a peer in the same run.
 *
 * - against the same step on tfjs's wasm backend (the eager engine)
 * - against the same step in PyTorch, eager and compiled, float32 and bf16, where `python3` (or `GMOE_PYTHON`) has torch: same
 *   weights, batches, maths, threads; each row in a process of its own, in turn, with losses and memory
 * - the share of matrix products in the step, from ONNX Runtime's profile
 * - what a trial and a large sweep cost beside training (`overhead.ts`), and 500 trials on each launcher (`launchers.ts`)
 * - what stores of 2,000 trials and of 24 x 20,000 steps cost the command that opens them (`stores.ts`)
 * - with --all: evaluation against transformers, and how the step's time grows with its size
 *
 * Options: --size bench|smollm2 (default bench; smollm2: the table of steps alone), --steps N (default 20; 4 of smollm2),
 * --rounds N (default 3), --skip-wasm, --threads N (default 1), --only overhead|launchers|stores|evaluation|scaling, --all,
 * --rows REGEXP (the table of steps alone, of the rows whose names match)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, RandomKey, type EngineOptions } from '@gmoe/tensor';
import { createTrainingStep } from '@gmoe/training';
import {
  BENCH_SIZE,
  createBenchStep,
  exportBenchStep,
  optimizer,
  SMOLLM2_SIZE,
  type BenchStep,
  type StepSize,
} from './bench-step.js';
import { printEvaluation } from './evaluation-row.js';
import { printLaunchers } from './launchers.js';
import { printOverhead } from './overhead.js';
import { profileShares } from './profile-shares.js';
import { printScaling } from './scaling.js';
import { printStores } from './stores.js';
import { middle, ownRows, printSteps, torchRows } from './step-rows.js';

const argument = (name: string, fallback: number) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};
const word = (name: string) => process.argv[process.argv.indexOf(name) + 1];
const large = process.argv.includes('--size') && word('--size') === 'smollm2';
const only = process.argv.includes('--only') ? word('--only') : undefined;
const all = process.argv.includes('--all');
const wanted = process.argv.includes('--rows') ? new RegExp(word('--rows') ?? '') : undefined;
const tableOnly = large || wanted !== undefined;
const steps = argument('--steps', large ? 4 : 20);
const threads = argument('--threads', 1);
const rounds = argument('--rounds', 3);
const folder = mkdtempSync(join(tmpdir(), 'gmoe-bench-'));

const row = (name: string, value: string) => process.stdout.write(`${name.padEnd(46)} ${value}\n`);

async function timeSteps(step: BenchStep, options: EngineOptions, count: number, warmUp: number) {
  const engine = await createEngine(options);
  const trainingStep = createTrainingStep(engine, step.model, optimizer);
  let state = trainingStep.initial();
  const times: number[] = [];
  const losses: number[] = [];
  let first = 0;
  for (let i = 0; i < count + warmUp; i++) {
    const batch = step.batches[i % step.batches.length]!;
    const started = performance.now();
    const result = await trainingStep.run(state, [batch], i + 1, optimizer.learningRate, RandomKey.fromSeed(0));
    const took = performance.now() - started;
    state = result.state;
    losses.push(result.report.loss);
    if (i === 0) first = took;
    if (i >= warmUp) times.push(took);
  }
  await trainingStep.dispose();
  await engine.dispose();
  return { milliseconds: middle(times), first, losses };
}

/** Every way to compute one step, in turn. */
async function compareSteps(size: StepSize): Promise<void> {
  const { layers, hiddenSize, rows, length, experts, rank, topK } = size;
  process.stdout.write(
    `step: ${layers} layers, width ${hiddenSize}, ${rows} x ${length} tokens, ${experts} experts of rank ${rank}, top ${topK}, graph router, Poisson and Normal; ${threads} thread(s), ${cpus()[0]?.model ?? 'unknown processor'}\n\n`,
  );
  await exportBenchStep(createBenchStep(size), folder);
  const run = { threads, steps, warmUp: 3 };
  const table = [...ownRows({ size, ...run }), ...torchRows(folder, run)];
  const chosen = table.filter(({ name }) => wanted?.test(name) ?? true);
  if (chosen.length === 0) {
    throw new Error(`--rows ${String(wanted)} matches none of: ${table.map(({ name }) => name).join('; ')}`);
  }
  printSteps(chosen, size, rounds);
}

async function benchStep(): Promise<void> {
  await compareSteps(BENCH_SIZE);
  const step = createBenchStep(BENCH_SIZE);
  process.stdout.write('\n');

  if (!process.argv.includes('--skip-wasm')) {
    // tfjs's wasm backend runs on one thread in Node. Compiled steps before and after: what else the machine does meets both.
    const cores = availableParallelism();
    const counts = cores > threads ? [threads, cores] : [threads];
    const around = async () => {
      const times: number[] = [];
      for (const count of counts) times.push((await timeSteps(step, { threads: count }, 8, 2)).milliseconds);
      return times;
    };
    const before = await around();
    const wasm = await timeSteps(step, { engine: 'eager', device: 'wasm' }, 3, 1);
    const after = await around();
    row('tfjs wasm backend, the same step', `${(wasm.milliseconds / 1000).toFixed(1)} s a step`);
    counts.forEach((count, i) => {
      const compiled = (before[i]! + after[i]!) / 2;
      row(
        `wasm / compiled, ${count} thread(s)`,
        `${(wasm.milliseconds / compiled).toFixed(0)} x (compiled ${compiled.toFixed(0)} ms here)`,
      );
    });
  }

  const prefix = join(folder, 'profile');
  await timeSteps(step, { threads, profilePrefix: prefix }, 8, 2);
  const shares = profileShares(
    readdirSync(folder)
      .filter((name) => name.startsWith('profile'))
      .map((name) => join(folder, name)),
  );
  row('matrix products in the step', `${(100 * shares.matrixProducts).toFixed(0)} % of the time in nodes`);
  row('next in line', shares.next.map(({ op, share }) => `${op} ${(100 * share).toFixed(0)} %`).join(', '));
  const once = await timeSteps(step, { threads }, 1, 1);
  row('trace, session and first step', `${once.first.toFixed(0)} ms, once per shape`);
  const started = performance.now();
  spawnSync(process.execPath, ['dist/apps/runner/main.js', 'schema'], { stdio: 'ignore' });
  row('start of a process (gmoe schema)', `${(performance.now() - started).toFixed(0)} ms`);
  row('memory of this process', `${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB resident`);
}

try {
  if (only === undefined || wanted) await (tableOnly ? compareSteps(large ? SMOLLM2_SIZE : BENCH_SIZE) : benchStep());
  if (only === 'scaling' || all) printScaling(threads, row);
  if (only === 'evaluation' || all) printEvaluation(folder, threads, row);
  if (only === 'stores' || all) await printStores(row);
  if (only === 'launchers' || all) await printLaunchers(row);
  if (only === 'overhead' || (only === undefined && !tableOnly) || all) await printOverhead(row);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
