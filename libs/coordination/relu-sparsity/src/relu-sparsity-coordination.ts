import { defineComponent, type Build } from '@gmoe/core';
import {
  coefficientOf,
  coefficientOptions,
  coordinationKind,
  meanOf,
  tokenMean,
  type CoordinationStrategy,
} from '@gmoe/coordination-core';
import { customGradient, HostTensor, stopGradient, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  ...coefficientOptions(1, '(1: lambda is what weighs it)'),
  k: z
    .number()
    .positive()
    .default(2)
    .describe('experts per token that lambda steers towards, on average over tokens and layers'),
  lambda: z.number().positive().default(1e-8).describe('lambda at the start (ReMoE 1e-8)'),
  rate: z.number().gt(1).default(1.2).describe('factor by which lambda moves at each step (ReMoE 1.2)'),
});

/**
 * Steered sparsity of ReLU routing (ReMoE, arXiv 2412.14711, eq. 8-10): `lambda sum_e f_e mean_t(G_te)`, mean over layers; G the gates,
 * `f_e = E / (k T) x tokens that e serves`, so that busier experts pay more. After each training step lambda grows by the rate while tokens
 * have more than k experts on average, and shrinks by it while they have fewer. Lambda is state, one for all layers (told at each).
 */
function createReluSparsity(
  { k, lambda, rate, ...weight }: z.output<typeof options>,
  build: Build,
): CoordinationStrategy {
  return {
    id: 'relu-sparsity',
    ...coefficientOf(weight, build),
    init: ({ expertsPerLayer }) => ({
      trainable: {},
      state: { lambda: HostTensor.float(expertsPerLayer.map(() => lambda)) },
    }),
    values: ({ state }) => ({ lambda: [...state['lambda']!.data] }),
    loss({ state }, context) {
      const lambda_L = stopGradient(state['lambda'] as tf.Tensor1D);
      const active: tf.Tensor[] = [];
      const losses = context.layers.map(({ mask_TE, gates_TE }) => {
        const experts = mask_TE.shape[1];
        const share_E = tokenMean(mask_TE, context.tokenMask_T, context);
        active.push(share_E.sum());
        return share_E
          .mul(experts / k)
          .mul(tokenMean(gates_TE, context.tokenMask_T, context))
          .sum();
      });
      const direction = steering(meanOf(active).div<tf.Scalar>(k).sub(1));
      const layers = Array.from(
        losses,
        (_, layer) => [`lambda.${layer}`, lambda_L.slice(layer, 1).reshape([])] as const,
      );
      return {
        loss: meanOf(losses).mul<tf.Scalar>(lambda_L.slice(0, 1).reshape([])),
        metrics: Object.fromEntries(layers),
        state: { lambda: stopGradient(lambda_L.mul(direction.mul(Math.log(rate)).exp())) },
      };
    },
  };
}

/** The sign, and 0 within a millionth, so that rounding steers nothing; without gradient. */
function steering(excess: tf.Scalar): tf.Scalar {
  return customGradient(excess, (x: tf.Scalar) => ({
    value: x.sign().mul<tf.Scalar>(x.abs().greater(1e-6).cast('float32')),
    gradFunc: (dy: tf.Scalar) => tf.zerosLike(dy),
  }));
}

export const reluSparsityCoordination = defineComponent(coordinationKind, {
  id: 'relu-sparsity',
  description: 'an L1 norm of the gates, its weight steered towards k experts a token (ReMoE)',
  options,
  create: createReluSparsity,
});
