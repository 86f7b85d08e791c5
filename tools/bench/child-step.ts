/**
 * One row of `npm run bench` in a process of its own, so that its memory is its own: runs steps of a size and prints one JSON line.
 * The argument is a `ChildRun`.
 */
import { readFileSync } from 'node:fs';
import { weightsFor } from '@gmoe/model';
import { createEngine, RandomKey, type Compute, type Recompute } from '@gmoe/tensor';
import { createTrainingStep } from '@gmoe/training';
import { createBenchStep, optimizer, type StepSize } from './bench-step.js';

export interface ChildRun {
  readonly size: StepSize;
  readonly compute: Compute;
  readonly recompute?: Recompute;
  readonly threads: number;
  readonly steps: number;
  readonly warmUp: number;
}

export interface ChildResult {
  /** Median of the steps after the warm-up. */
  readonly milliseconds: number;
  /** The first step, with tracing and opening the session. */
  readonly first: number;
  readonly loss: readonly number[];
  /** Largest resident size of the process, with the weights and what the engine holds. */
  readonly mebibytes: number;
}

const { size, compute, recompute = 'none', threads, steps, warmUp } = JSON.parse(process.argv[2]!) as ChildRun;
const { model, batches } = createBenchStep(size);
const weights = await weightsFor(compute, model.config, model.frozen.weights);
const engine = await createEngine({ threads, recompute });
const trainingStep = createTrainingStep(engine, { ...model, frozen: { ...model.frozen, weights } }, optimizer);
let state = trainingStep.initial();
const times: number[] = [];
const loss: number[] = [];
for (let i = 0; i < steps + warmUp; i++) {
  const started = performance.now();
  const result = await trainingStep.run(
    state,
    [batches[i % batches.length]!],
    i + 1,
    optimizer.learningRate,
    RandomKey.fromSeed(0),
  );
  times.push(performance.now() - started);
  loss.push(result.report.loss);
  state = result.state;
}
await trainingStep.dispose();
await engine.dispose();
const later = times.slice(warmUp).sort((a, b) => a - b);
const result: ChildResult = {
  milliseconds: later[Math.floor(later.length / 2)]!,
  first: times[0]!,
  loss,
  mebibytes: Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024,
};
process.stdout.write(JSON.stringify(result));
