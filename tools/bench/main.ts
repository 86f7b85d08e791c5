/**
 * `npm run bench`: how fast the training step is, each figure as a ratio against a peer in the same run.
 *
 * - against the same step on tfjs's wasm backend (the eager engine)
 * - against the same step in eager PyTorch, where `python3` (or `GMOE_PYTHON`) has torch: same weights, batches, maths, threads
 * - the share of matrix products in the step, from ONNX Runtime's profile
 * - what a trial and a large sweep cost beside training (`overhead.ts`)
 *
 * Options: --steps N (default 20), --skip-wasm, --threads N (default 1), --only overhead
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, RandomKey, type EngineOptions } from '@gmoe/tensor';
import { createStepper } from '@gmoe/training';
import { BENCH_SIZE, createBenchStep, exportBenchStep, optimizer, type BenchStep } from './bench-step.js';
import { printOverhead } from './overhead.js';
import { profileShares } from './profile-shares.js';

const argument = (name: string, fallback: number) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};
const steps = argument('--steps', 20);
const threads = argument('--threads', 1);
const ROUNDS = 3;
const folder = mkdtempSync(join(tmpdir(), 'gmoe-bench-'));

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const row = (name: string, value: string) => process.stdout.write(`${name.padEnd(46)} ${value}\n`);

async function timeSteps(step: BenchStep, options: EngineOptions, count: number, warmUp: number) {
  const engine = await createEngine(options);
  const stepper = createStepper(engine, step.trainee, optimizer);
  let state = stepper.initial();
  const times: number[] = [];
  const losses: number[] = [];
  let first = 0;
  for (let i = 0; i < count + warmUp; i++) {
    const batch = step.batches[i % step.batches.length]!;
    const started = performance.now();
    const result = await stepper.run(state, [batch], i + 1, optimizer.learningRate, RandomKey.fromSeed(0));
    const took = performance.now() - started;
    state = result.state;
    losses.push(result.report.loss);
    if (i === 0) first = took;
    if (i >= warmUp) times.push(took);
  }
  await stepper.dispose();
  await engine.dispose();
  return { milliseconds: median(times), first, losses };
}

/** The same step in PyTorch; undefined where there is no torch. */
function timeTorch(): { milliseconds: number; loss: number[]; torch: string } | undefined {
  const python = process.env['GMOE_PYTHON'] ?? 'python3';
  // OpenBLAS of some distributions takes a new processor for an old one; MKL ignores the variable.
  const wide = /avx512/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  const env = {
    ...process.env,
    ...(wide && !process.env['OPENBLAS_CORETYPE'] ? { OPENBLAS_CORETYPE: 'SkylakeX' } : {}),
  };
  const args = ['tools/bench/step_torch.py', folder, '--threads', String(threads), '--steps', String(steps + 3)];
  const { status, stdout } = spawnSync(python, args, { env, encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as ReturnType<typeof timeTorch>) : undefined;
}

async function benchStep(): Promise<void> {
  const step = createBenchStep(BENCH_SIZE);
  await exportBenchStep(step, folder);
  const { layers, hiddenSize, rows, length, experts, rank, topK } = BENCH_SIZE;
  process.stdout.write(
    `step: ${layers} layers, width ${hiddenSize}, ${rows} x ${length} tokens, ${experts} experts of rank ${rank}, top ${topK}, graph router, Poisson and Normal; fp32, ${threads} thread(s), ${cpus()[0]?.model ?? 'unknown processor'}\n\n`,
  );

  // Alternating runs: the machine's speed drifts, ratios are taken within a round.
  const ours: number[] = [];
  const theirs: number[] = [];
  let torch = '';
  let worst = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const compiled = await timeSteps(step, { threads }, steps, 3);
    ours.push(compiled.milliseconds);
    const peer = timeTorch();
    if (!peer) continue;
    theirs.push(peer.milliseconds);
    torch = peer.torch;
    peer.loss.forEach((loss, i) => {
      if (i < compiled.losses.length) worst = Math.max(worst, Math.abs(compiled.losses[i]! / loss - 1));
    });
  }
  row(
    'compiled (ONNX Runtime)',
    `${median(ours).toFixed(0)} ms a step, ${((1000 * rows * length) / median(ours)).toFixed(0)} tokens/s`,
  );
  if (theirs.length > 0) {
    const ratios = ours.map((time, i) => time / theirs[i]!);
    row(`PyTorch ${torch}, eager`, `${median(theirs).toFixed(0)} ms a step`);
    row(
      'compiled / PyTorch',
      `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)} over ${ratios.length} rounds)`,
    );
    row('largest relative difference of the losses', worst.toExponential(1));
  } else row('PyTorch', 'not measured: no python3 with torch (GMOE_PYTHON names another python)');

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
  if (!process.argv.includes('overhead')) await benchStep();
  await printOverhead(row);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
