import { expertCounts, type CoordinationPart } from '@gmoe/adapters-moe-lora';
import { decoderHidden, decoderLogits } from '@gmoe/model';
import type { tf } from '@gmoe/tensor';
import { crossEntropy, gatherRows } from '@gmoe/tensor';
import { adamW, type AdamWControls, type AdamWScales, type AdamWState } from './adamw.js';
import type { OptimizerOptions } from './options.js';
import type { Trainee, TraineeFrozen } from './trainee.js';
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
}

/** Everything that a step changes. */
export type StepState = {
  readonly optimizer: AdamWState;
  readonly carried: Named<tf.Tensor>;
};

/** How a batch counts within one optimizer step. Scalars. */
export type LossControls = {
  /** 1 / (sum of the target weights of all batches of the step). */
  readonly targetScale: tf.Scalar;
  /** 1 / (batches of the step). */
  readonly batchScale: tf.Scalar;
};

/** Values of one batch. */
export type BatchReport = {
  /** Language-model loss plus weighted auxiliary losses, scaled by this batch's share of the step. */
  readonly loss: tf.Scalar;
  /** Weighted sum of target losses x targetScale. */
  readonly lmLoss: tf.Scalar;
  /** Each strategy's loss before its coefficient. */
  readonly auxiliary: Named<tf.Tensor>;
  /** Values that the strategies log, e.g. `poisson/lambda.0`. */
  readonly values: Named<tf.Tensor>;
  /** Tokens that each expert served, per layer. */
  readonly counts: readonly tf.Tensor1D[];
};

export interface StepFrozen extends TraineeFrozen {
  readonly scales: AdamWScales;
}

/**
 * Loss and gradient of one batch: `sum_n w_n CE_n targetScale + sum_i coefficient_i loss_i batchScale`, the head evaluated on
 * the supervised positions only. The gradient is the flat vector [N].
 */
export function batchGradient(
  trainee: Trainee,
  frozen: TraineeFrozen,
  params_N: tf.Tensor1D,
  carried: Named<tf.Tensor>,
  batch: BatchTensors,
  { targetScale, batchScale }: LossControls,
  draws: Named<tf.Tensor>,
): { readonly gradient_N: tf.Tensor1D; readonly carried: Named<tf.Tensor>; readonly report: BatchReport } {
  const tokenMask_T = batch.segments_BS.reshape([-1]).greater(0).cast('float32') as tf.Tensor1D;
  const { loss, gradient, rest } = valueAndGradient((params: tf.Tensor1D) => {
    const pass = trainee.pass(frozen, trainee.layout.split(params), carried, { tokenMask_T, training: true, draws });
    const hidden_TD = decoderHidden(trainee.config, pass.weights, batch, pass.adapter?.hooks, trainee.decoder);
    const logits_NV = decoderLogits(trainee.config, pass.weights, gatherRows(hidden_TD, batch.supervised_N));
    const lmLoss = crossEntropy(logits_NV, batch.targets_N).mul(batch.weights_N).sum().mul<tf.Scalar>(targetScale);
    const coordinated = pass.adapter?.coordinate();
    const parts: readonly CoordinationPart[] = coordinated?.parts ?? [];
    const total = parts.reduce(
      (sum, part) => sum.add<tf.Scalar>(part.loss.mul(batchScale).mul(part.coefficient)),
      lmLoss,
    );
    return {
      loss: total,
      rest: {
        lmLoss,
        auxiliary: Object.fromEntries(parts.map((part) => [part.id, part.loss])),
        values: coordinated?.metrics ?? {},
        counts: trainee.adapter?.settings.mixture ? expertCounts(pass.adapter!.routing()) : [],
        carried: { ...pass.adapter?.nextRouterState(), ...coordinated?.state },
      },
    };
  }, params_N);
  const { carried: next, ...report } = rest;
  return { gradient_N: gradient, carried: { ...carried, ...next }, report: { loss, ...report } };
}

/** One whole step: forward, backward and AdamW in one program. */
export function fusedStep(trainee: Trainee, optimizer: OptimizerOptions) {
  return (
    frozen: StepFrozen,
    state: StepState,
    batch: BatchTensors,
    losses: LossControls,
    controls: AdamWControls,
    draws: Named<tf.Tensor>,
  ) => {
    const result = batchGradient(trainee, frozen, state.optimizer.params_N, state.carried, batch, losses, draws);
    const updated = adamW(state.optimizer, result.gradient_N, controls, frozen.scales, optimizer);
    return {
      state: { optimizer: updated.state, carried: result.carried },
      report: result.report,
      gradientNorm: updated.gradientNorm,
    };
  };
}

/** With gradient accumulation: adds one batch's gradient to the sum. */
export function accumulateStep(trainee: Trainee) {
  return (
    frozen: StepFrozen,
    params_N: tf.Tensor1D,
    carried: Named<tf.Tensor>,
    sum_N: tf.Tensor1D,
    batch: BatchTensors,
    losses: LossControls,
    draws: Named<tf.Tensor>,
  ) => {
    const result = batchGradient(trainee, frozen, params_N, carried, batch, losses, draws);
    return { sum_N: sum_N.add<tf.Tensor1D>(result.gradient_N), carried: result.carried, report: result.report };
  };
}

/** With gradient accumulation: AdamW on the summed gradient. */
export function applyStep(optimizer: OptimizerOptions) {
  return (frozen: StepFrozen, state: AdamWState, sum_N: tf.Tensor1D, controls: AdamWControls) =>
    adamW(state, sum_N, controls, frozen.scales, optimizer);
}
