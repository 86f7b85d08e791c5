import type { Optimizer } from '@gmoe/optimizers';
import { HostTensor, type Engine, type RandomKey } from '@gmoe/tensor';
import type { TrainableModel } from './trainable-model.js';
import { accumulateStep, applyStep, collectStep, fusedStep, type StepState } from './step-programs.js';

type Named<T> = Readonly<Record<string, T>>;

/** A packed batch on the host, as the datasets make it. */
export interface TrainingBatch {
  readonly ids_BS: HostTensor;
  readonly positions_BS: HostTensor;
  readonly segments_BS: HostTensor;
  readonly supervised_N: HostTensor;
  readonly targets_N: HostTensor;
  readonly weights_N: HostTensor;
  /** Where an auxiliary loss tells domains apart: `TokenDomains`. [B, S] int32 */
  readonly domains_BS?: HostTensor;
}

/** Everything that a step changes, on the host. */
export type HostStepState = StepState<HostTensor, HostTensor>;

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
export interface TrainingStep {
  initial(): HostStepState;
  /**
   * @param step 1-based
   * @param batches as many as are accumulated in one step
   * @param coefficients weights of the auxiliary losses in this step, where they are not the strategies' own
   */
  run(
    state: HostStepState,
    batches: readonly TrainingBatch[],
    step: number,
    learningRate: number,
    key: RandomKey,
    coefficients?: Readonly<Record<string, number>>,
  ): Promise<{ readonly state: HostStepState; readonly report: StepReport }>;
  dispose(): Promise<void>;
}

/**
 * One batch a step runs as one fused program. Several are one large batch in parts: where there are auxiliary losses, a first
 * pass over them collects what the losses sum over tokens, a second one adds up gradients with respect to the whole.
 */
export function createTrainingStep(engine: Engine, model: TrainableModel, optimizer: Optimizer): TrainingStep {
  const frozen = { ...model.frozen, groups: optimizer.groups(model.layout) };
  const fused = engine.jit(fusedStep(model, optimizer), { name: 'train-step', frozen });
  const collect = engine.jit(collectStep(model), { name: 'collect-sums', frozen });
  const accumulate = engine.jit(accumulateStep(model), { name: 'accumulate-gradient', frozen });
  const apply = engine.jit(applyStep(model, optimizer), { name: 'apply-gradient', frozen });
  const routing = model.adapter?.routing;
  const { coordination = [] } = routing ?? {};
  const ownCoefficients = Object.fromEntries(coordination.map(({ id, coefficient }) => [id, coefficient]));
  const layers = (routing?.spec.expertsPerLayer ?? []).map((experts) => HostTensor.zeros([experts]));

  /** What the auxiliary losses sum over the tokens of all batches. */
  async function totalsOf(
    state: HostStepState,
    batches: readonly TrainingBatch[],
    randomInputs: RandomInputs,
    tokens: HostTensor,
  ) {
    let assigned: readonly HostTensor[] = layers;
    let sums: Readonly<Record<string, readonly HostTensor[]>> = {};
    for (const [index, batch] of batches.entries()) {
      const out = await collect(state.params_N, state.buffers, batch, randomInputs(index), { tokens, assigned });
      sums = Object.fromEntries(
        Object.entries(out.sums).map(([id, each]) => [id, each.map((sum, i) => added(sums[id]?.[i], sum))]),
      );
      assigned = assigned.map((sum, layer) => added(sum, out.assigned[layer]!));
    }
    return { sums, batches: HostTensor.scalar(batches.length) };
  }

  return {
    initial() {
      const params_N = model.layout.pack(model.initial.trainable);
      return { params_N, optimizer: optimizer.init(params_N), buffers: model.initial.buffers };
    },

    async run(state, raw, step, learningRate, key, coefficients = ownCoefficients) {
      if (raw.length > 1 && routing && !routing.accumulates) {
        throw new Error('the selector shares the tokens of a batch out among experts: one batch a step');
      }
      const batches = raw.map(pick);
      const scalars = optimizer.scalars(step, learningRate);
      const losses = lossControls(batches, coefficients);
      const randomInputs = randomInputsOf(model, key.fold(0), batches);
      if (batches.length === 1) {
        const out = await fused(state, batches[0]!, losses, scalars, randomInputs(0));
        return { state: out.state, report: hostReport([out.report], out.gradientNorm) };
      }
      const tokens = HostTensor.scalar(total(batches.map(realTokens)));
      const totals = coordination.length > 0 ? { totals: await totalsOf(state, batches, randomInputs, tokens) } : {};
      let sum_N = HostTensor.zeros([model.layout.size]);
      let assigned: readonly HostTensor[] = layers;
      let buffers = state.buffers;
      const reports: DeviceReport[] = [];
      const scores: (readonly HostTensor[])[] = [];
      for (const [index, batch] of batches.entries()) {
        const pass = { tokens, assigned, ...totals };
        const out = await accumulate(state.params_N, state.buffers, sum_N, batch, losses, randomInputs(index), pass);
        ({ sum_N, buffers } = out);
        assigned = assigned.map((sum, layer) => added(sum, out.assigned[layer]!));
        reports.push(out.report);
        scores.push(out.scores);
      }
      const tokenMask_T = HostTensor.float(
        batches.flatMap(({ segments_BS }) => Array.from(segments_BS.data, realToken)),
      );
      const usage = layers.map((_, layer) => ({
        load_E: reports.map(({ counts }) => counts[layer]!).reduce(added),
        ...(scores[0]![layer] ? { scores_TE: stacked(scores.map((each) => each[layer]!)), tokenMask_T } : {}),
      }));
      const out = await apply({ ...state, buffers }, sum_N, scalars, usage);
      return { state: out.state, report: hostReport(reports, out.gradientNorm) };
    },

    async dispose() {
      for (const program of [fused, collect, accumulate, apply]) await program.dispose();
    },
  };
}

type RandomInputs = (batch: number) => Named<HostTensor>;

/** Random tensors of a step, drawn as for one large batch: each batch has its tokens' rows. */
function randomInputsOf(model: TrainableModel, key: RandomKey, batches: readonly TrainingBatch[]): RandomInputs {
  const sizes = batches.map(({ ids_BS }) => ids_BS.size);
  const all = model.randomInputs(key, total(sizes));
  return (batch) => {
    if (batches.length === 1) return all;
    const first = total(sizes.slice(0, batch));
    return Object.fromEntries(
      Object.entries(all).map(([name, { data, shape, dtype }]) => {
        const width = data.length / shape[0]!;
        const rows = data.subarray(first * width, (first + sizes[batch]!) * width);
        return [name, new HostTensor(rows, [sizes[batch]!, ...shape.slice(1)], dtype)];
      }),
    );
  };
}

function added(sum: HostTensor | undefined, more: HostTensor): HostTensor {
  return sum
    ? HostTensor.float(
        sum.data.map((value, i) => value + more.data[i]!),
        sum.shape,
      )
    : more;
}

const realToken = (segment: number): number => (segment > 0 ? 1 : 0);

/** Matrices of the same width below each other. */
function stacked(parts: readonly HostTensor[]): HostTensor {
  const width = parts[0]!.shape[1]!;
  const data = parts.flatMap((part) => [...part.data]);
  return HostTensor.float(data, [data.length / width, width]);
}

/** Positions that are not padding. */
export function realTokens({ segments_BS }: TrainingBatch): number {
  let tokens = 0;
  for (const segment of segments_BS.data) if (segment > 0) tokens++;
  return tokens;
}

/** A batch may carry more than the program takes. */
function pick(batch: TrainingBatch): TrainingBatch {
  const { ids_BS, positions_BS, segments_BS, supervised_N, targets_N, weights_N, domains_BS } = batch;
  const marks = domains_BS ? { domains_BS } : {};
  return { ids_BS, positions_BS, segments_BS, supervised_N, targets_N, weights_N, ...marks };
}

function lossControls(batches: readonly TrainingBatch[], coefficients: Readonly<Record<string, number>>) {
  const weight = batches.reduce((sum, { weights_N }) => sum + total(weights_N.data), 0);
  if (!(weight > 0)) throw new Error('a training step has no supervised token');
  return {
    targetScale: HostTensor.scalar(1 / weight),
    coefficients: Object.fromEntries(
      Object.entries(coefficients).map(([id, coefficient]) => [id, HostTensor.scalar(coefficient / batches.length)]),
    ),
  };
}

interface DeviceReport {
  readonly loss: HostTensor;
  readonly lmLoss: HostTensor;
  readonly auxiliary: Named<HostTensor>;
  readonly values: Named<HostTensor>;
  readonly counts: readonly HostTensor[];
}

/** Losses are shares of the step and add up; what strategies report is the whole step's in every batch. */
function hostReport(reports: readonly DeviceReport[], gradientNorm: HostTensor): StepReport {
  const numbers = (tensors: Named<HostTensor>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, value.item()]));
  const { auxiliary, values } = reports.at(-1)!;
  return {
    loss: total(reports.map((report) => report.loss.item())),
    lmLoss: total(reports.map((report) => report.lmLoss.item())),
    auxiliary: numbers(auxiliary),
    values: numbers(values),
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
