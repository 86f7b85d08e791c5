import { componentKind } from '@gmoe/core';
import { HostTensor, tf, type FlatLayout } from '@gmoe/tensor';
import { clipByGlobalNorm } from './clip-by-global-norm.js';
import { parameterGroups, type ParameterGroups } from './parameter-groups.js';
import type { SharedOptions } from './shared-options.js';
import type { UpdateRule } from './update-rule.js';

/** Vectors [N] by name. */
export type OptimizerState<T = tf.Tensor1D> = Readonly<Record<string, T>>;

/** What the host computes for one step, in double precision. Scalars. */
export interface OptimizerScalars<T = tf.Scalar> {
  readonly learningRate: T;
  readonly rule: Readonly<Record<string, T>>;
}

/** A whole optimizer step over one flat vector of parameters: clipping, update rule, weight decay, groups of parameters. */
export interface Optimizer {
  /** The highest; a schedule scales it. */
  readonly learningRate: number;
  /** Constant factors of a layout's parameters. */
  groups(layout: FlatLayout): ParameterGroups<HostTensor>;
  init(params_N: HostTensor): OptimizerState<HostTensor>;
  /** @param step 1-based @param learningRate that of this step */
  scalars(step: number, learningRate: number): OptimizerScalars<HostTensor>;
  /** Inside a program: parameters and state after the step, and the gradient's global norm before clipping. */
  update(
    gradient_N: tf.Tensor1D,
    state: OptimizerState,
    params_N: tf.Tensor1D,
    scalars: OptimizerScalars,
    groups: ParameterGroups,
  ): { readonly params_N: tf.Tensor1D; readonly state: OptimizerState; readonly gradientNorm: tf.Scalar };
}

export const optimizerKind = componentKind<Optimizer>('optimizer');

/**
 * How weight decay is applied. `decoupled`: `p <- p (1 - rate x decay)` beside the rule (Loshchilov & Hutter 2019);
 * `gradient`: `g <- g + decay p` before it (L2 regularisation, as torch.optim.SGD).
 */
export type WeightDecayForm = 'decoupled' | 'gradient';

/** The optimizer around an update rule: gradient -> clipped -> rule -> parameters, with decay and groups. */
export function composeOptimizer(
  rule: UpdateRule,
  options: SharedOptions,
  decayForm: WeightDecayForm = 'decoupled',
): Optimizer {
  const { learningRate, weightDecay, clipNorm } = options;
  return {
    learningRate,
    groups: (layout) => parameterGroups(layout, options),
    init: (params_N) => rule.init(params_N),
    scalars: (step, rate) => ({
      learningRate: HostTensor.scalar(rate),
      rule: Object.fromEntries(
        Object.entries(rule.scalars?.(step) ?? {}).map(([name, value]) => [name, HostTensor.scalar(value)]),
      ),
    }),
    update(raw_N, state, params_N, scalars, { rate_N, decay_N }) {
      const clipped = clipByGlobalNorm(raw_N, clipNorm);
      const rate: tf.Tensor = rate_N ? rate_N.mul(scalars.learningRate) : scalars.learningRate;
      const decays = (form: WeightDecayForm) => weightDecay !== 0 && form === decayForm;
      const gradient_N = decays('gradient')
        ? clipped.gradient_N.add<tf.Tensor1D>(params_N.mul(decay_N ? decay_N.mul(weightDecay) : weightDecay))
        : clipped.gradient_N;
      const { update_N, state: next } = rule.update(gradient_N, state, {
        params_N,
        learningRate: rate,
        scalars: scalars.rule,
      });
      const rateTimesDecay = decay_N ? decay_N.mul(rate.mul(weightDecay)) : rate.mul(weightDecay);
      const kept_N = decays('decoupled') ? params_N.mul<tf.Tensor1D>(tf.sub(1, rateTimesDecay)) : params_N;
      return { params_N: kept_N.sub(update_N), state: next, gradientNorm: clipped.norm };
    },
  };
}
