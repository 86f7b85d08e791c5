import { defineComponent, type Build } from '@gmoe/core';
import {
  coefficientOptions,
  coordinationKind,
  layerLoss,
  tokenMean,
  type CoordinationStrategy,
} from '@gmoe/coordination-core';
import { tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  ...coefficientOptions(0.001, '(ST-MoE 0.001)'),
  includePadding: z.boolean().default(false).describe('count padding tokens too'),
});

/**
 * Router z-loss: `mean over layers and tokens of log(sum_e exp(logit_e))^2`, which keeps logits small (Zoph et al. 2022,
 * ST-MoE, eq. 5).
 */
function createZLoss({ includePadding, ...weight }: z.output<typeof options>, build: Build): CoordinationStrategy {
  return layerLoss('z-loss', weight, build, ({ logits_TE }, context) =>
    tokenMean(tf.logSumExp(logits_TE, -1).square(), includePadding ? undefined : context.tokenMask_T, context),
  );
}

export const zLossCoordination = defineComponent(coordinationKind, {
  id: 'z-loss',
  description: 'squared log-sum-exp of the logits (ST-MoE)',
  options,
  create: createZLoss,
});
