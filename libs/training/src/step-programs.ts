import { expertCounts, type RouterUsage, type StepPass, type StepSums } from '@gmoe/adapters-core';
import { decoderHidden, decoderLogits } from '@gmoe/model';
import type { Optimizer, OptimizerScalars, OptimizerState, ParameterGroups } from '@gmoe/optimizers';
import type { tf } from '@gmoe/tensor';
import { crossEntropy } from '@gmoe/tensor';
import type { TrainableModel, FrozenTensors, PassOptions } from './trainable-model.js';
import { valueAndGradient } from './value-and-gradient.js';

type Named<T> = Readonly<Record<string, T>>;

/** A packed batch inside a program: `PackedBatch` of the datasets. N supervised slots. */
export interface BatchTensors {
  readonly ids_BS: tf.Tensor2D;
  readonly positions_BS: tf.Tensor2D;
  readonly segments_BS: tf.Tensor2D;
  readonly supervised_N: tf.Tensor1D;
  readonly targets_N: tf.Tensor1D;
  readonly weights_N: tf.Tensor1D;
  /** Where an auxiliary loss tells domains apart. */
  readonly domains_BS?: tf.Tensor2D;
}

/** Everything that a step changes. */
export type StepState<Vector = tf.Tensor1D, T = tf.Tensor> = {
  /** All trained tensors in one vector. [N] */
  readonly params_N: Vector;
  /** The optimizer's vectors [N] by name. */
  readonly optimizer: OptimizerState<Vector>;
  /** Tensors without gradient that are saved with the model. */
  readonly buffers: Named<T>;
};

/** How the parts of the loss count within one optimizer step. Scalars. */
export type LossControls<T = tf.Scalar> = {
  /** 1 / (sum of the target weights of all batches of the step). */
  readonly targetScale: T;
  /** Weight of each auxiliary loss in this step, by strategy; over several batches each has its share, 1 / batches. */
  readonly coefficients: Named<T>;
};

/** Values of one batch. */
export type BatchReport = {
  /** Language-model loss plus weighted auxiliary losses, this batch's share of the step. */
  readonly loss: tf.Scalar;
  /** Weighted sum of target losses x targetScale. */
  readonly lmLoss: tf.Scalar;
  /** Each strategy's loss over the whole step, before its coefficient. */
  readonly auxiliary: Named<tf.Tensor>;
  /** Values that the strategies log, e.g. `poisson/lambda.0`. */
  readonly values: Named<tf.Tensor>;
  /** Tokens of this batch that each expert served, per layer. */
  readonly counts: readonly tf.Tensor1D[];
};

export interface StepFrozen extends FrozenTensors {
  readonly groups: ParameterGroups;
}

/** What a pass over a batch is told: who a token belongs with, and where the pass is one of several of a step. */
function trainingPass(
  { segments_BS, domains_BS }: BatchTensors,
  randomInputs: Named<tf.Tensor>,
  step?: StepPass,
): PassOptions {
  const tokenMask_T = segments_BS.reshape([-1]).greater(0).cast<tf.Tensor1D>('float32');
  return { tokenMask_T, segments_BS, domains_BS, training: true, randomInputs, ...(step ? { step } : {}) };
}

/**
 * Loss and gradient of one batch: `sum_n w_n CE_n targetScale + sum_i coefficient_i loss_i`, the head evaluated on the supervised
 * positions only. The gradient is the flat vector [N].
 */
export function batchGradient(
  model: TrainableModel,
  frozen: FrozenTensors,
  params_N: tf.Tensor1D,
  buffers: Named<tf.Tensor>,
  batch: BatchTensors,
  { targetScale, coefficients }: LossControls,
  randomInputs: Named<tf.Tensor>,
  step?: StepPass,
) {
  const pass = trainingPass(batch, randomInputs, step);
  const { loss, gradient, rest } = valueAndGradient((params: tf.Tensor1D) => {
    const { weights, adapter } = model.pass(frozen, model.layout.split(params), buffers, pass);
    const options = { ...model.decoder, rows_N: batch.supervised_N };
    const hidden_ND = decoderHidden(model.config, weights, batch, adapter?.hooks, options);
    const logits_NV = decoderLogits(model.config, weights, hidden_ND);
    const lmLoss = crossEntropy(logits_NV, batch.targets_N).mul(batch.weights_N).sum().mul<tf.Scalar>(targetScale);
    const routing = adapter?.routing;
    const { parts = [], metrics = {}, state = {} } = routing?.losses() ?? {};
    const total = parts.reduce((sum, { id, loss }) => sum.add<tf.Scalar>(loss.mul(coefficients[id]!)), lmLoss);
    return {
      loss: total,
      rest: {
        lmLoss,
        auxiliary: Object.fromEntries(parts.map((part) => [part.id, part.loss])),
        values: metrics,
        counts: routing ? expertCounts(routing.layers()) : [],
        assigned: step && routing ? routing.assigned() : [],
        scores: step && routing ? routing.routerScores() : [],
        // Of several batches only the last one's state counts: it is the whole step's in each.
        coordination: state,
        router: step ? {} : (routing?.nextRouterState() ?? {}),
      },
    };
  }, params_N);
  const { assigned, scores, coordination, router, ...report } = rest;
  return {
    gradient_N: gradient,
    buffers: { ...buffers, ...router, ...coordination },
    report: { loss, ...report },
    assigned,
    scores,
  };
}

/** One whole step: forward, backward and optimizer in one program. */
export function fusedStep(model: TrainableModel, optimizer: Optimizer) {
  return (
    frozen: StepFrozen,
    state: StepState,
    batch: BatchTensors,
    losses: LossControls,
    scalars: OptimizerScalars,
    randomInputs: Named<tf.Tensor>,
  ) => {
    const { params_N, buffers } = state;
    const result = batchGradient(model, frozen, params_N, buffers, batch, losses, randomInputs);
    const updated = optimizer.update(result.gradient_N, state.optimizer, params_N, scalars, frozen.groups);
    return {
      state: { params_N: updated.params_N, optimizer: updated.state, buffers: result.buffers },
      report: result.report,
      gradientNorm: updated.gradientNorm,
    };
  };
}

/** With gradient accumulation, first: what the auxiliary losses sum over one batch's tokens. */
export function collectStep(model: TrainableModel) {
  return (
    frozen: StepFrozen,
    params_N: tf.Tensor1D,
    buffers: Named<tf.Tensor>,
    batch: BatchTensors,
    randomInputs: Named<tf.Tensor>,
    step: StepPass,
  ): { readonly sums: StepSums; readonly assigned: readonly tf.Tensor1D[] } => {
    const options = trainingPass(batch, randomInputs, step);
    const { weights, adapter } = model.pass(frozen, model.layout.split(params_N), buffers, options);
    decoderHidden(model.config, weights, batch, adapter?.hooks, model.decoder);
    const routing = adapter?.routing;
    return { sums: routing?.stepSums() ?? {}, assigned: routing?.assigned() ?? [] };
  };
}

/** With gradient accumulation: adds one batch's gradient to the sum. */
export function accumulateStep(model: TrainableModel) {
  return (
    frozen: StepFrozen,
    params_N: tf.Tensor1D,
    buffers: Named<tf.Tensor>,
    sum_N: tf.Tensor1D,
    batch: BatchTensors,
    losses: LossControls,
    randomInputs: Named<tf.Tensor>,
    step: StepPass,
  ) => {
    const result = batchGradient(model, frozen, params_N, buffers, batch, losses, randomInputs, step);
    return {
      sum_N: sum_N.add<tf.Tensor1D>(result.gradient_N),
      buffers: result.buffers,
      report: result.report,
      assigned: result.assigned,
      scores: result.scores,
    };
  };
}

/** With gradient accumulation, last: the optimizer on the summed gradient, the routers' state by what all batches did. */
export function applyStep(model: TrainableModel, optimizer: Optimizer) {
  return (
    frozen: StepFrozen,
    state: StepState,
    sum_N: tf.Tensor1D,
    scalars: OptimizerScalars,
    usage: readonly RouterUsage[],
  ) => {
    const { params_N, buffers } = state;
    const updated = optimizer.update(sum_N, state.optimizer, params_N, scalars, frozen.groups);
    return {
      state: {
        params_N: updated.params_N,
        optimizer: updated.state,
        buffers: { ...buffers, ...model.adapter?.routing?.nextRouterState(buffers, usage) },
      },
      gradientNorm: updated.gradientNorm,
    };
  };
}
