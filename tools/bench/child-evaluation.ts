/** One of our rows of the evaluation's bench: scores the items twice and prints the second time, which compiles nothing. */
import { readFileSync } from 'node:fs';
import { createEvaluator, scoringComponents } from '@gmoe/evaluation';
import { weightsFor } from '@gmoe/model';
import { createEngine } from '@gmoe/tensor';
import { createBenchStep, SMOLLM2_SIZE } from './bench-step.js';
import type { EvaluationRun, EvaluationTimes } from './evaluation-row.js';

const { items, compute, threads } = JSON.parse(process.argv[2]!) as EvaluationRun;
const { model: trainable } = createBenchStep({ ...SMOLLM2_SIZE, batches: 1 });
const { config } = trainable;
const model = { config, weights: await weightsFor(compute, config, trainable.frozen.weights) };
const engine = await createEngine({ threads });
const scored = items.map(({ promptIds, optionIds }, i) => ({
  id: String(i),
  promptIds,
  optionIds,
  optionCharacters: optionIds.map((ids) => ids.length),
  gold: 0,
}));
const scoring = scoringComponents.find(({ id }) => id === 'log-likelihood')!;
// Rows that hold the longest item with its options.
const settings = { batchSize: 4, sequenceLength: 256, limit: null };
const evaluator = createEvaluator(engine, model, scored, scoring.create(), settings);
const tensors = { trainable: {}, buffers: {} };
await evaluator.evaluate(tensors);
const started = performance.now();
const { predictions } = await evaluator.evaluate(tensors);
const result: EvaluationTimes = {
  seconds: (performance.now() - started) / 1000,
  scores: predictions.map(({ scores }) => [...scores]),
  mebibytes: Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024,
};
await evaluator.dispose();
await engine.dispose();
process.stdout.write(JSON.stringify(result));
