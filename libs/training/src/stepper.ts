import { HostTensor, type Engine, type RandomKey } from '@gmoe/tensor';
import { adamWControls, adamWScales, type AdamWState } from './adamw.js';
import type { OptimizerOptions } from './options.js';
import type { Trainee } from './trainee.js';
import { accumulateStep, applyStep, fusedStep } from './train-step.js';

type Named<T> = Readonly<Record<string, T>>;

/** A packed batch on the host, as the datasets make it. */
export interface TrainingBatch {
  readonly ids_BS: HostTensor;
  readonly positions_BS: HostTensor;
  readonly segments_BS: HostTensor;
  readonly supervised_N: HostTensor;
  readonly targets_N: HostTensor;
  readonly weights_N: HostTensor;
}

/** Everything that a step changes, on the host. */
export interface HostStepState {
  readonly optimizer: AdamWState<HostTensor>;
  readonly carried: Named<HostTensor>;
}

/** What one optimizer step did. */
export interface StepReport {
  readonly loss: number;
  readonly lmLoss: number;
  readonly auxiliary: Record<string, number>;
  readonly values: Record<string, number>;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  /** Tokens that each expert served, [L][E]. */
  readonly counts: number[][];
}

/** Runs optimizer steps on an engine. State goes in and comes out; nothing is kept here but compiled programs. */
export interface Stepper {
  initial(): HostStepState;
  /** @param step 1-based @param batches as many as are accumulated in one step */
  run(
    state: HostStepState,
    batches: readonly TrainingBatch[],
    step: number,
    learningRate: number,
    key: RandomKey,
  ): Promise<{ readonly state: HostStepState; readonly report: StepReport }>;
  dispose(): Promise<void>;
}

/** One batch a step runs as one fused program; several accumulate gradients first. */
export function createStepper(engine: Engine, trainee: Trainee, optimizer: OptimizerOptions): Stepper {
  const frozen = { ...trainee.frozen, scales: adamWScales(trainee.layout, optimizer) };
  const fused = engine.jit(fusedStep(trainee, optimizer), { name: 'train-step', frozen });
  const accumulate = engine.jit(accumulateStep(trainee), { name: 'accumulate-gradient', frozen });
  const apply = engine.jit(applyStep(optimizer), { name: 'apply-gradient', frozen });
  const draw = (key: RandomKey, index: number, batch: TrainingBatch) =>
    trainee.draw(key.fold(index), batch.ids_BS.size);

  return {
    initial() {
      const zeros = HostTensor.zeros([trainee.layout.size]);
      return {
        optimizer: {
          params_N: trainee.layout.pack(trainee.initial.trainable),
          firstMoment_N: zeros,
          secondMoment_N: zeros,
        },
        carried: trainee.initial.carried,
      };
    },

    async run(state, batches, step, learningRate, key) {
      const controls = adamWControls(learningRate, step, optimizer.betas);
      const losses = lossControls(batches);
      if (batches.length === 1) {
        const batch = pick(batches[0]!);
        const out = await fused(state, batch, losses, controls, draw(key, 0, batch));
        return { state: out.state, report: hostReport([out.report], out.gradientNorm) };
      }
      let sum_N = HostTensor.zeros([trainee.layout.size]);
      let carried = state.carried;
      const reports: DeviceReport[] = [];
      for (const [index, raw] of batches.entries()) {
        const batch = pick(raw);
        const out = await accumulate(state.optimizer.params_N, carried, sum_N, batch, losses, draw(key, index, batch));
        ({ sum_N, carried } = out);
        reports.push(out.report);
      }
      const out = await apply(state.optimizer, sum_N, controls);
      return { state: { optimizer: out.state, carried }, report: hostReport(reports, out.gradientNorm) };
    },

    async dispose() {
      await fused.dispose();
      await accumulate.dispose();
      await apply.dispose();
    },
  };
}

/** A batch may carry more than the program takes, e.g. domains. */
function pick({ ids_BS, positions_BS, segments_BS, supervised_N, targets_N, weights_N }: TrainingBatch): TrainingBatch {
  return { ids_BS, positions_BS, segments_BS, supervised_N, targets_N, weights_N };
}

function lossControls(batches: readonly TrainingBatch[]) {
  const weight = batches.reduce((sum, { weights_N }) => sum + total(weights_N.data), 0);
  if (!(weight > 0)) throw new Error('a training step has no supervised token');
  return { targetScale: HostTensor.scalar(1 / weight), batchScale: HostTensor.scalar(1 / batches.length) };
}

interface DeviceReport {
  readonly loss: HostTensor;
  readonly lmLoss: HostTensor;
  readonly auxiliary: Named<HostTensor>;
  readonly values: Named<HostTensor>;
  readonly counts: readonly HostTensor[];
}

/** Losses are shares of the step and add up; what strategies report is averaged over the batches. */
function hostReport(reports: readonly DeviceReport[], gradientNorm: HostTensor): StepReport {
  const mean = (group: 'auxiliary' | 'values') =>
    Object.fromEntries(
      Object.keys(reports[0]![group]).map((name) => [
        name,
        total(reports.map((report) => report[group][name]!.item())) / reports.length,
      ]),
    );
  return {
    loss: total(reports.map((report) => report.loss.item())),
    lmLoss: total(reports.map((report) => report.lmLoss.item())),
    auxiliary: mean('auxiliary'),
    values: mean('values'),
    gradientNorm: gradientNorm.item(),
    counts: reports[0]!.counts.map((count, layer) =>
      Array.from(count.data, (_, expert) => total(reports.map((report) => report.counts[layer]!.data[expert]!))),
    ),
  };
}

function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
