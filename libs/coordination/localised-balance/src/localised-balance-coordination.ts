import { defineComponent, UserError, type Build } from '@gmoe/core';
import {
  coefficientOf,
  coefficientOptions,
  coordinationKind,
  meanOf,
  sequenceSum,
  stepSum,
  type CoordinationContext,
  type CoordinationStrategy,
  type LayerRouting,
} from '@gmoe/coordination-core';
import { tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  ...coefficientOptions(0.1),
  domains: z
    .array(z.string().min(1))
    .default([])
    .describe('domains of the training data whose examples are of the first type; all others are of the second'),
  firstExperts: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('experts 0, 1, ... of each layer that belong to the first type; absent: half of them, rounded down'),
  delta: z
    .number()
    .min(-1)
    .max(1)
    .default(0.1)
    .describe('examples of an expert’s own type count 1 + delta in its load, others 1 - delta; 0 balances all alike'),
});
type Options = z.output<typeof options>;

/**
 * Localised balancing constraint (Dou et al. 2023, LoRAMoE, arXiv 2312.09979, eq. 6-8): `Var(Z) / Mean(Z)` over experts e and
 * examples m, `Z_em = I_em Q_em`. Q_em is the sum over the example's tokens of the mixture weight of expert e; I_em is
 * `1 + delta` where expert and example are of one type, else `1 - delta`. It is 0 where Z is even, so each group is balanced in
 * itself; by the printed sign an expert then has less weight on its own type, by (1 - delta) / (1 + delta), and a delta below 0
 * turns that round. Mean over layers; variance with denominator n. An example's type is told by its domain.
 */
function createLocalisedBalance(
  { domains, firstExperts, delta, ...weight }: Options,
  build: Build,
): CoordinationStrategy {
  return {
    id: 'localised-balance',
    ...coefficientOf(weight, build),
    domains,
    init({ expertsPerLayer }) {
      const least = expertsPerLayer.reduce((a, b) => Math.min(a, b));
      if (firstExperts !== undefined && firstExperts >= least) {
        throw new UserError(
          `coordination.localised-balance.firstExperts: must leave an expert to the second type in layers of ${least} (got ${firstExperts})`,
        );
      }
      return { trainable: {}, state: {} };
    },
    loss: (_, context) => ({
      loss: meanOf(context.layers.map((layer) => unevenness(layer, context, { domains, firstExperts, delta }))),
      metrics: {},
      state: {},
    }),
  };
}

/** `Var(Z) / Mean(Z)` of one layer: each example counts at its tokens, 1 / length each. */
function unevenness(
  { gates_TE }: LayerRouting,
  context: CoordinationContext,
  { domains, firstExperts, delta }: Pick<Options, 'domains' | 'firstExperts' | 'delta'>,
): tf.Tensor {
  const experts = gates_TE.shape[1];
  const { sum_TE, once_T } = sequenceSum(gates_TE, context);
  // +1 for an expert or an example of the first type, -1 for the second.
  const types_E = tf.tensor1d(
    Array.from({ length: experts }, (_, e) => (e < (firstExperts ?? Math.floor(experts / 2)) ? 1 : -1)),
  );
  const types_T1 = isOf(domains, context).mul<tf.Tensor1D>(2).sub<tf.Tensor1D>(1).expandDims(1);
  const z_TE = sum_TE.mul<tf.Tensor2D>(types_T1.mul(types_E).mul(delta).add(1));
  const once_T1 = once_T.expandDims(1);
  const count = stepSum(once_T.sum(), context).mul(experts);
  const mean = stepSum(z_TE.mul(once_T1).sum(), context).div(count);
  const square = stepSum(z_TE.square().mul(once_T1).sum(), context).div(count);
  return square.sub(mean.square()).div(mean);
}

/** 1 for tokens whose example is of one of the domains. [T] */
function isOf(domains: readonly string[], { domains: told, tokenMask_T }: CoordinationContext): tf.Tensor1D {
  const ids_T = told?.ids_BS.reshape<tf.Tensor1D>(tokenMask_T.shape);
  const numbers = domains.map((name) => (told?.names.indexOf(name) ?? -1) + 1).filter((number) => number > 0);
  if (!ids_T || numbers.length === 0) return tokenMask_T.mul(0);
  const matches = numbers.map((number) => tf.equal(ids_T, tf.scalar(number, 'int32')).cast<tf.Tensor1D>('float32'));
  return tf.addN(matches);
}

export const localisedBalanceCoordination = defineComponent(coordinationKind, {
  id: 'localised-balance',
  description: 'two groups of experts, each balanced over examples of its own type (LoRAMoE)',
  options,
  create: createLocalisedBalance,
});
