import { coefficientsAt } from '@gmoe/coordination-core';
import { UserError } from '@gmoe/core';
import type { Optimizer } from '@gmoe/optimizers';
import { loadMetrics, loadShares } from '@gmoe/routing-diagnostics';
import type { Schedule } from '@gmoe/schedules';
import type { Engine, HostTensor, RandomKey } from '@gmoe/tensor';
import { readCheckpoint, writeCheckpoint, type BestSnapshot, type TrainingState } from './checkpoint.js';
import type { StopReason, TrainingEvent } from './events.js';
import type { TrainingOptions } from './options.js';
import {
  createTrainingStep,
  realTokens,
  type HostStepState,
  type StepReport,
  type TrainingBatch,
} from './training-step.js';
import type { TrainableModel } from './trainable-model.js';

type Named<T> = Readonly<Record<string, T>>;

/** The trained tensors by name, as evaluation and adapter files take them. */
export interface TrainedTensors {
  readonly trainable: Named<HostTensor>;
  readonly buffers: Named<HostTensor>;
}

export interface TrainSettings {
  readonly engine: Engine;
  readonly model: TrainableModel;
  readonly optimizer: Optimizer;
  /** Of the learning rate. */
  readonly schedule: Schedule;
  readonly loop: Pick<
    TrainingOptions,
    'accumulate' | 'evalEvery' | 'best' | 'patience' | 'checkpointEvery' | 'routingEvery'
  >;
  /** Optimizer steps in all. */
  readonly steps: number;
  /** Pauses after this many steps, with a checkpoint: the run's schedules are those of all `steps`. */
  readonly stopAfter?: number;
  /** The run's batches without the first `skip` ones; the same sequence at every call. */
  readonly batches: (skip: number) => AsyncIterable<TrainingBatch> | Iterable<TrainingBatch>;
  /** Root of the run's random streams inside steps. */
  readonly key: RandomKey;
  /** Scores the trained tensors; metrics by name, e.g. `eval/accuracy`. */
  readonly evaluate?: (trained: TrainedTensors, step: number) => Promise<Record<string, number>>;
  /** Where checkpoints are written and resumed from; `identity` must be the same to resume. */
  readonly checkpoint?: { readonly folder: string; readonly identity: string };
  /** Stops after the step in progress, with a checkpoint. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  /** Optimizer steps done. */
  readonly steps: number;
  readonly stopped: StopReason;
  readonly last: TrainedTensors;
  /** The best evaluated tensors, where there was an evaluation. */
  readonly best?: BestSnapshot;
  /** Mean language-model loss of the last tenth of the steps that were done; absent after no step. */
  readonly lmLoss?: number;
}

/**
 * Trains and yields typed events; returns the trained tensors. Resumes from the checkpoint folder where one is left: the
 * continued run gives the same bits as an uninterrupted one, because every random stream is keyed by step and data comes by
 * position.
 */
export async function* train(settings: TrainSettings): AsyncGenerator<TrainingEvent, TrainResult> {
  const { engine, model, loop, steps, checkpoint } = settings;
  const coordination = model.adapter?.routing?.coordination ?? [];
  const trainingStep = createTrainingStep(engine, model, settings.optimizer);
  try {
    let progress = startingAt(trainingStep.initial());
    for (const text of model.warnings) yield { type: 'note', step: 0, text };
    const left = checkpoint && (await readCheckpoint(checkpoint.folder, checkpoint.identity));
    if (left) {
      progress = left;
      yield { type: 'note', step: left.step, text: `resumed after step ${left.step}` };
    }
    const save = () => saved(checkpoint!, progress);

    let stopped: StopReason = 'finished';
    const source = groups(settings.batches(progress.step * loop.accumulate), loop.accumulate);
    while (progress.step < steps) {
      const asked = askedToStop(settings, progress.step);
      if (asked) {
        stopped = asked;
        break;
      }
      const next = await source.next();
      if (next.done) {
        stopped = 'data-exhausted';
        yield { type: 'note', step: progress.step, text: `the batches ended after ${progress.step} of ${steps} steps` };
        break;
      }
      const step = progress.step + 1;
      const rate = settings.optimizer.learningRate * settings.schedule.factor(step, steps);
      const started = performance.now();
      const { state, report } = await trainingStep.run(
        progress.state,
        next.value,
        step,
        rate,
        settings.key.fold('step').fold(step),
        coefficientsAt(coordination, step, steps),
      );
      const seconds = (performance.now() - started) / 1000;
      const tokens = next.value.reduce((sum, batch) => sum + realTokens(batch), 0);
      if (!Number.isFinite(report.loss) || !Number.isFinite(report.gradientNorm)) {
        stopped = 'diverged';
        yield { type: 'note', step, text: divergence(report, step) };
        break;
      }
      const losses = [...progress.losses, report.lmLoss].slice(-tenthOf(steps));
      progress = { ...progress, state, step, counts: addCounts(progress.counts, report.counts), losses };
      yield { type: 'step', step, metrics: stepMetrics(report, rate, tokens / seconds) };

      if (progress.counts.length > 0 && (step % loop.routingEvery === 0 || step === steps)) {
        const load = loadShares(progress.counts);
        yield { type: 'routing', step, metrics: loadMetrics(load), load };
        progress = { ...progress, counts: [] };
      }
      if (settings.evaluate && (step === steps || (loop.evalEvery !== null && step % loop.evalEvery === 0))) {
        const evaluation = await evaluate(settings, progress);
        progress = evaluation.progress;
        yield evaluation.event;
        if (loop.patience !== null && progress.evaluationsSinceBest >= loop.patience) {
          stopped = 'patience';
          const text = `stopped early: no better ${loop.best.metric} in ${loop.patience} evaluations`;
          yield { type: 'note', step, text };
          break;
        }
      }
      if (checkpoint && loop.checkpointEvery !== null && step % loop.checkpointEvery === 0) yield* save();
    }
    await source.return(undefined);
    if (checkpoint && (stopped === 'aborted' || stopped === 'paused') && progress.step > 0) yield* save();
    return {
      steps: progress.step,
      stopped,
      last: trained(model, progress.state),
      ...(progress.best ? { best: progress.best } : {}),
      ...(progress.losses.length > 0 ? { lmLoss: mean(progress.losses.slice(-tenthOf(progress.step))) } : {}),
    };
  } finally {
    await trainingStep.dispose();
  }
}

async function* saved(
  { folder, identity }: NonNullable<TrainSettings['checkpoint']>,
  progress: TrainingState,
): AsyncGenerator<TrainingEvent> {
  await writeCheckpoint(folder, identity, progress);
  yield { type: 'checkpoint', step: progress.step, folder };
}

const startingAt = (state: TrainingState['state']): TrainingState => ({
  state,
  step: 0,
  best: undefined,
  evaluationsSinceBest: 0,
  counts: [],
  losses: [],
});

function askedToStop({ stopAfter, signal }: TrainSettings, step: number): StopReason | undefined {
  if (stopAfter !== undefined && step >= stopAfter) return 'paused';
  return signal?.aborted ? 'aborted' : undefined;
}

function tenthOf(steps: number): number {
  return Math.max(1, Math.round(steps / 10));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function evaluate(
  { evaluate, model, loop: { best } }: TrainSettings,
  progress: TrainingState,
): Promise<{ readonly progress: TrainingState; readonly event: TrainingEvent }> {
  const { step } = progress;
  const tensors = trained(model, progress.state);
  const metrics = await evaluate!(tensors, step);
  const value = metrics[best.metric];
  if (value === undefined) {
    const known = Object.keys(metrics).join(', ');
    throw new UserError(`training.best.metric: '${best.metric}' is not among the evaluation's metrics: ${known}`);
  }
  const sign = best.mode === 'max' ? 1 : -1;
  const better = Number.isFinite(value) && (!progress.best || sign * value > sign * progress.best.value);
  return {
    progress: better
      ? { ...progress, best: { step, value, metrics, tensors }, evaluationsSinceBest: 0 }
      : { ...progress, evaluationsSinceBest: progress.evaluationsSinceBest + 1 },
    event: { type: 'eval', step, metrics, best: better },
  };
}

function trained(model: TrainableModel, { params_N, buffers }: HostStepState): TrainedTensors {
  return { trainable: model.layout.unpack(params_N), buffers };
}

function stepMetrics(report: StepReport, rate: number, tokensPerSecond: number): Record<string, number> {
  return {
    'train/loss': report.loss,
    'train/lm_loss': report.lmLoss,
    ...named('train/aux/', report.auxiliary),
    ...named('coordination/', report.values),
    'train/learning_rate': rate,
    'train/grad_norm': report.gradientNorm,
    'train/tokens_per_second': tokensPerSecond,
  };
}

function named(prefix: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

function divergence(report: StepReport, step: number): string {
  const parts = { 'lm loss': report.lmLoss, ...report.auxiliary, 'gradient norm': report.gradientNorm };
  const bad = Object.entries(parts).filter(([, value]) => !Number.isFinite(value));
  const what = bad.map(([name, value]) => `${name} = ${value}`).join(', ') || `loss = ${report.loss}`;
  return `stopped at step ${step}: ${what}; the state before this step is kept. Lower optimizer.learningRate or set optimizer.clipNorm`;
}

function addCounts(sum: TrainingState['counts'], counts: readonly (readonly number[])[]): number[][] {
  return counts.map((layer, l) => layer.map((count, e) => count + (sum[l]?.[e] ?? 0)));
}

/** The batches in groups of `size`; an incomplete last group is dropped, so that every step weighs the same. */
async function* groups<T>(items: AsyncIterable<T> | Iterable<T>, size: number): AsyncGenerator<T[], void> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length === size) {
      yield group;
      group = [];
    }
  }
}
