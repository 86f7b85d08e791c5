import { defineComponent } from '@gmoe/core';
import { coordinationKind, meanOf, tokenMean, type CoordinationStrategy } from '@gmoe/coordination-core';
import { tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  coefficient: z.number().min(0).default(0.001).describe('weight of this loss in the total (ST-MoE 0.001)'),
  includePadding: z.boolean().default(false).describe('count padding tokens too'),
});

/**
 * Router z-loss: `mean over layers and tokens of log(sum_e exp(logit_e))^2`, which keeps logits small (Zoph et al. 2022,
 * ST-MoE, eq. 5).
 */
function createZLoss({ coefficient, includePadding }: z.output<typeof options>): CoordinationStrategy {
  return {
    id: 'z-loss',
    coefficient,
    init: () => ({ trainable: {}, state: {} }),
    loss: (_, { layers, tokenMask_T }) => ({
      loss: meanOf(
        layers.map(({ logits_TE }) =>
          tokenMean(tf.logSumExp(logits_TE, -1).square(), includePadding ? undefined : tokenMask_T),
        ),
      ),
      metrics: {},
      state: {},
    }),
  };
}

export const zLossCoordination = defineComponent(coordinationKind, {
  id: 'z-loss',
  description: 'squared log-sum-exp of the logits (ST-MoE)',
  options,
  create: createZLoss,
});
