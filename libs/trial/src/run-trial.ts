import { copyFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { saveAdapter, type Adapter, type AdapterParams } from '@gmoe/adapters-core';
import { makeSubfolder, median, messageOf, UserError, type ComponentRegistry } from '@gmoe/core';
import {
  AttemptStopped,
  MachineError,
  TrialError,
  type TrialAttempt,
  type TrialCode,
  type TrialExecutor,
  type TrialOutcome,
} from '@gmoe/experiment';
import {
  splitSummary,
  trainingBatches,
  type EncodedExample,
  type Split,
  type Task,
  type TrainingBatches,
  type TrainingBatchOptions,
} from '@gmoe/datasets';
import { checkedItems, createEvaluator, type EvaluationResult, type Evaluator } from '@gmoe/evaluation';
import { countParameters, type Tokenizer } from '@gmoe/model';
import { optimizerKind } from '@gmoe/optimizers';
import { scheduleKind } from '@gmoe/schedules';
import { createEngine, RandomKey, type Engine, type HostTensor, type EngineOptions } from '@gmoe/tensor';
import { trainableAdapter, train, type TrainingEvent, type TrainResult } from '@gmoe/training';
import { writeAdapterCode } from './adapter-code.js';
import { basePlace, storedWeights } from './base-choice.js';
import { loadBase } from './base-model.js';
import { checkContents } from './contents.js';
import { buildAdapter } from './build-adapter.js';
import { checkNamedDomains } from './named-domains.js';
import { neededComponents } from './needed-components.js';
import { blameMissingInput, type TrialInputs } from './missing-input.js';
import { scoringOf } from './scoring.js';
import { loadTaskData } from './task-data.js';
import { scheduleMisfit } from './training-rules.js';
import { trainingSteps } from './training-steps.js';
import type { TrialConfig } from './trial-schema.js';
import { routingValues, writeRouting } from './write-routing.js';

export interface RunTrialOptions {
  readonly components: ComponentRegistry;
  /** Checks a stored config and gives it its type. */
  readonly resolve: (config: TrialAttempt['config']) => TrialConfig;
  /** The code that runs a config, to be recorded with what it makes. */
  readonly code?: (config: TrialAttempt['config']) => TrialCode;
  /** Values that override a config's engine section: what the command line asked for. */
  readonly engine?: EngineOptions;
  /** Told of every event beside the attempt's own log: trackers. */
  readonly onEvent?: (attempt: TrialAttempt, event: TrainingEvent) => void;
  /** Told what data the trial uses, before it trains. */
  readonly onData?: (attempt: TrialAttempt, task: Task, splits: readonly Split[]) => void;
  readonly onOutcome?: (attempt: TrialAttempt, outcome: TrialOutcome) => void | Promise<void>;
}

/**
 * Runs trials: loads base and data, trains the adapter, scores the test split, and leaves predictions, adapter and metrics
 * in the attempt's folder. Everything random comes from the config's seed.
 */
export function createTrialExecutor(options: RunTrialOptions): TrialExecutor {
  return async (attempt) => {
    try {
      return await execute(attempt, options);
    } catch (error) {
      throw error instanceof AttemptStopped
        ? error
        : blameMissingInput(error, attempt.config as unknown as TrialInputs);
    }
  };
}

/** @throws MachineError: a device, a driver or a package that this machine lacks says nothing about the trial */
async function openEngine(options: EngineOptions): Promise<Engine> {
  try {
    return await createEngine(options);
  } catch (error) {
    throw new MachineError(messageOf(error), 'full', undefined, { cause: error });
  }
}

async function execute(attempt: TrialAttempt, options: RunTrialOptions): Promise<TrialOutcome> {
  const config = options.resolve(attempt.config);
  const engine = await openEngine({ ...config.engine, ...options.engine });
  try {
    const outcome = await runTrial(config, attempt, engine, options);
    await options.onOutcome?.(attempt, outcome);
    return outcome;
  } finally {
    await engine.dispose();
  }
}

async function runTrial(
  config: TrialConfig,
  attempt: TrialAttempt,
  engine: Engine,
  { components, onData, onEvent, code }: RunTrialOptions,
): Promise<TrialOutcome> {
  const { training } = config;
  const key = RandomKey.fromSeed(config.seed);
  if (attempt.contents) checkContents(config, attempt.contents, components);
  const base = await loadBase(config.base, components, config.compute);
  const data = await loadTaskData(config, base.tokenizer, components);
  const adapter = buildAdapter(config, base.config, components);
  const trainable = trainableAdapter(base.weights, adapter, key.fold('init'));
  const model = {
    config: base.config,
    weights: base.weights,
    tokenizer: base.tokenizer,
    adapter,
    adapterFrozen: trainable.frozen.adapter,
  };

  const scoring = scoringOf(config, components);
  const examples = await data.split('train');
  checkNamedDomains(config, components, examples);
  for (const split of ['train', 'test'] as const) attempt.log(splitSummary(data.task, split));
  onData?.(attempt, data.task, training.evalEvery === null ? ['train', 'test'] : ['train', 'dev', 'test']);
  const steps = trainingSteps(training, examples.length);
  const misfit = scheduleMisfit(config, components, steps);
  if (misfit) throw new UserError(`${misfit.field}: ${misfit.message}`);
  const marks = { endOfText: endOfText(config, data.task, base.tokenizer), domains: adapter.routing?.domains };
  const batches = batchesOf(config, { examples, steps, ...marks }, key, attempt);

  const dev =
    training.evalEvery === null
      ? undefined
      : createEvaluator(engine, model, await data.split('dev'), scoring, config.evaluation);
  // What cannot be scored is told before anything is trained.
  const testItems = await data.split('test');
  checkedItems(testItems, scoring, config.evaluation);
  const checkpoint = { folder: join(attempt.folder, 'training'), identity: attempt.hash };
  if (attempt.checkpoint) copyFolder(attempt.checkpoint.folder, checkpoint.folder);

  const run = train({
    engine,
    model: trainable,
    optimizer: components.build(optimizerKind, config.optimizer),
    schedule: components.build(scheduleKind, config.schedule),
    loop: training,
    steps,
    batches: (skip) => batches.iterate(skip),
    key: key.fold('training'),
    ...(dev ? { evaluate: async (trained) => (await dev.evaluate(trained)).metrics } : {}),
    checkpoint,
    signal: attempt.signal,
  });
  const { result, rates } = await follow(run, attempt, checkpoint.folder, onEvent);
  await dev?.dispose();
  throwIfStopped(result, steps, attempt.signal);
  rmSync(checkpoint.folder, { recursive: true, force: true });

  // With evaluations on dev the best tensors are kept, as a user of the adapter would; else the last.
  const trained = result.best?.tensors ?? result.last;
  const tensors = { trainable: trained.trainable, frozen: trainable.frozen.adapter, state: trained.buffers };
  const made = code?.(attempt.config);
  await keepAdapter(join(attempt.folder, 'adapter'), config, { adapter, tensors, components, made });
  const scored = await test(createEvaluator(engine, model, testItems, scoring, config.evaluation), trained);
  writePredictions(attempt.folder, scored);
  writeRouting(attempt.folder, scored, adapter, tensors);
  return {
    ...(made ? { code: made } : {}),
    metrics: {
      ...scored.metrics,
      ...routingValues(adapter, tensors),
      ...bestMetrics(result),
      'train/steps': result.steps,
      ...(result.lmLoss === undefined ? {} : { 'train/lm_loss': result.lmLoss }),
      ...(rates.length > 0 ? { 'train/tokens_per_second': median(rates) } : {}),
      'model/trainable_parameters': trainable.layout.size,
      'model/base_parameters': countParameters(base.config),
    },
    ...(scored.load ? { load: scored.load } : {}),
  };
}

/** The batches of a run, and what the attempt's log says of them. */
function batchesOf(
  { training }: TrialConfig,
  data: Pick<TrainingBatchOptions, 'endOfText' | 'domains'> & {
    readonly examples: readonly EncodedExample[];
    readonly steps: number;
  },
  key: RandomKey,
  attempt: TrialAttempt,
): TrainingBatches {
  const { examples, steps, ...marks } = data;
  const { batchSize, sequenceLength, lossOn: targets } = training;
  const batches = trainingBatches(
    examples,
    { batchSize, sequenceLength, targets, ...marks },
    key.fold('data'),
    steps * training.accumulate,
  );
  if (batches.truncated > 0) {
    attempt.log(`${batches.truncated} of ${examples.length} training examples were cut to ${sequenceLength} tokens`);
  }
  attempt.log(
    `${steps} steps; a batch of ${batchSize} examples is [${batches.rows}, ${sequenceLength}] tokens, ${Math.round(100 * batches.fill)} % filled`,
  );
  return batches;
}

/** Trains to the end: what happens goes to the attempt's records, checkpoints to its folder. */
async function follow(
  run: AsyncGenerator<TrainingEvent, TrainResult>,
  attempt: TrialAttempt,
  checkpoints: string,
  onEvent: RunTrialOptions['onEvent'],
): Promise<{ readonly result: TrainResult; readonly rates: number[] }> {
  const rates: number[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { result: next.value, rates };
    const event = next.value;
    onEvent?.(attempt, event);
    if (event.type === 'checkpoint') {
      await attempt.saveCheckpoint(event.step, (folder) => copyFolder(checkpoints, folder));
    } else if (event.type === 'note') {
      attempt.log(event.text);
      attempt.emit({ type: 'note', step: event.step, text: event.text });
    } else {
      attempt.emit(event.type === 'routing' ? event : { type: event.type, step: event.step, metrics: event.metrics });
      if (event.type === 'step') rates.push(event.metrics['train/tokens_per_second']!);
    }
  }
}

/** @throws what stopped the trial, or TrialError if its numbers are no longer finite */
function throwIfStopped({ stopped, steps: done }: TrainResult, steps: number, signal: AbortSignal): void {
  if (stopped === 'aborted') throw signal.reason;
  if (stopped !== 'diverged') return;
  throw new TrialError(`training diverged at step ${done + 1} of ${steps} (see the log)`);
}

/** The adapter's folder, with the code that made it. */
async function keepAdapter(
  folder: string,
  config: TrialConfig,
  {
    adapter,
    tensors,
    components,
    made,
  }: {
    adapter: Adapter;
    tensors: AdapterParams<HostTensor>;
    components: ComponentRegistry;
    made: TrialCode | undefined;
  },
): Promise<void> {
  await saveAdapter(folder, adapter, {
    description: {
      adapter: config.adapter,
      router: config.router,
      coordination: config.coordination,
      components: neededComponents(config, components),
      baseModel: basePlace(config.base),
      baseWeights: storedWeights(config.base),
    },
    tensors,
  });
  if (made) writeAdapterCode(folder, made);
}

/** The token that is learned behind every answer; undefined = none. @throws UserError if the tokenizer has none */
function endOfText({ training }: TrialConfig, { kind }: Task, { eosId }: Tokenizer): number | undefined {
  if (!(training.endOfText ?? kind === 'text')) return undefined;
  if (eosId === undefined && training.endOfText) {
    throw new UserError("training.endOfText: the base model's tokenizer names no token that ends a text (eos_token)");
  }
  return eosId;
}

async function test(evaluator: Evaluator, trained: TrainResult['last']): Promise<EvaluationResult> {
  try {
    return await evaluator.evaluate(trained);
  } finally {
    await evaluator.dispose();
  }
}

/** What the dev split said about the kept tensors, under `best/`. */
function bestMetrics({ best }: TrainResult): Record<string, number> {
  if (!best) return {};
  return {
    'best/step': best.step,
    ...Object.fromEntries(
      Object.entries(best.metrics).map(([name, value]) => [`best/${name.replace(/^eval\//, '')}`, value]),
    ),
  };
}

function writePredictions(folder: string, { predictions }: EvaluationResult): void {
  writeFileSync(join(folder, 'predictions.jsonl'), predictions.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function copyFolder(from: string, to: string): void {
  makeSubfolder(to);
  if (!existsSync(from)) return;
  for (const name of readdirSync(from)) {
    if (name.endsWith('.safetensors')) copyFileSync(join(from, name), join(to, name));
  }
}
