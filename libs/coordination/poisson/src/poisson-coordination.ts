import { defineComponent, type Build } from '@gmoe/core';
import {
  coefficientOf,
  coefficientOptions,
  decodePositive,
  coordinationKind,
  encodePositive,
  meanOf,
  PARAMETERIZATIONS,
  positiveValues,
  tokenMean,
  type CoordinationStrategy,
} from '@gmoe/coordination-core';
import { sortDescending, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  ...coefficientOptions(0.005, '(paper 0.005)'),
  lambda: z.number().min(0.01).default(1.5).describe('rate of the target distribution at the start, one per layer'),
  learnLambda: z.boolean().default(true).describe('train lambda with the adapter'),
  parameterization: z
    .enum(PARAMETERIZATIONS)
    .default('softplus')
    .describe('how lambda stays positive: softplus (paper), or clamped to lambdaRange (reference)'),
  lambdaRange: z
    .tuple([z.number().positive(), z.number().positive()])
    .refine(([low, high]) => low <= high, 'the lowest lambda must not be above the highest')
    .default([1, 2])
    .describe('lowest and highest lambda; parameterization: clamp only'),
  absoluteLog: z
    .boolean()
    .default(false)
    .describe('|log| in place of log in the divergence (reference), which is then no divergence'),
  includePadding: z.boolean().default(false).describe('average over padding tokens too (reference)'),
  termLimit: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('experts beyond this rank reuse its Poisson term (reference 32); null = none do'),
  epsilon: z.number().positive().default(1e-16).describe('added to probabilities inside the logarithm'),
});
type Options = z.output<typeof options>;

/** Lambda stays above this with `parameterization: softplus`. */
const LAMBDA_FLOOR = 1e-3;

/** `log i!` for i = 1..count. */
function logFactorials(count: number): number[] {
  let sum = 0;
  return Array.from({ length: count }, (_, i) => (sum += Math.log(i + 1)));
}

/**
 * Logarithm of `q_i ~ lambda^i e^-lambda / i!`, i = 1..E, normalised to sum 1; the common factor `e^-lambda` cancels.
 * In logarithms throughout, since q itself falls below float32 for many experts. lambda scalar -> [E].
 */
export function poissonLogTarget(lambda: tf.Scalar, experts: number, termLimit: number | null = null): tf.Tensor1D {
  const factorials = logFactorials(experts);
  const ranks = factorials.map((_, i) => Math.min(i + 1, termLimit ?? experts));
  const logs = ranks.map((rank) => factorials[rank - 1]!);
  return tf.logSoftmax(tf.log(lambda).mul<tf.Tensor1D>(tf.tensor1d(ranks)).sub<tf.Tensor1D>(tf.tensor1d(logs)));
}

/**
 * Poisson distinction (paper eq. 6-7): the sorted routing probabilities of each token, `s`, are drawn towards a Poisson
 * shape `q`, so that experts differ: `mean over layers and tokens of sum_i q_i log(q_i / s_i)`.
 */
function createPoisson(options: Options, build: Build): CoordinationStrategy {
  const bounds = { parameterization: options.parameterization, floor: LAMBDA_FLOOR, clamp: options.lambdaRange };
  return {
    id: 'poisson',
    ...coefficientOf(options, build),
    init({ expertsPerLayer }) {
      const lambda = encodePositive(
        expertsPerLayer.map(() => options.lambda),
        bounds,
      );
      return options.learnLambda ? { trainable: { lambda }, state: {} } : { trainable: {}, state: { lambda } };
    },
    values: ({ trainable, state }) => ({
      lambda: positiveValues((options.learnLambda ? trainable : state)['lambda']!, bounds),
    }),
    loss({ trainable, state }, context) {
      const trained_L = (options.learnLambda ? trainable : state)['lambda'] as tf.Tensor1D;
      const lambda_L = decodePositive(trained_L, bounds);
      const mask = options.includePadding ? undefined : context.tokenMask_T;
      const metrics: Record<string, tf.Tensor> = {};
      const losses = context.layers.map(({ probs_TE }, layer) => {
        const lambda = lambda_L.slice(layer, 1).reshape([]) as tf.Scalar;
        metrics[`lambda.${layer}`] = lambda;
        const logTarget_E = poissonLogTarget(lambda, probs_TE.shape[1], options.termLimit);
        const log_TE = logTarget_E.sub<tf.Tensor2D>(sortDescending(probs_TE).add(options.epsilon).log());
        const divergence_T = logTarget_E
          .exp()
          .mul(options.absoluteLog ? log_TE.abs() : log_TE)
          .sum(-1);
        return tokenMean(divergence_T, mask, context);
      });
      return { loss: meanOf(losses), metrics, state: options.learnLambda ? {} : { lambda: trained_L } };
    },
  };
}

export const poissonCoordination = defineComponent(coordinationKind, {
  id: 'poisson',
  description: 'Poisson distinction: sorted probabilities towards a Poisson shape (GMoE)',
  options,
  fidelity: {
    reference: { parameterization: 'clamp', absoluteLog: true, includePadding: true, termLimit: 32 },
  },
  create: createPoisson,
});
