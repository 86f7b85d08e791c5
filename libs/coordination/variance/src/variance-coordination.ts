import { defineComponent, type Build } from '@gmoe/core';
import {
  coefficientOptions,
  coordinationKind,
  layerLoss,
  tokenMean,
  type CoordinationStrategy,
} from '@gmoe/coordination-core';
import { z } from 'zod';

const options = z.strictObject({
  ...coefficientOptions(0.01),
  includePadding: z.boolean().default(false).describe('count padding tokens too'),
});

/**
 * Variance loss (Guo et al. 2025, arXiv 2505.22323): `- mean_e var_t(P_te)`, mean over layers. Less is better, so that each expert's
 * probability differs from token to token: routing that decides something. The authors sum over tokens; the mean does not
 * depend on their number. It goes with a balance loss, and with theirs of orthogonal experts.
 */
function createVariance({ includePadding, ...weight }: z.output<typeof options>, build: Build): CoordinationStrategy {
  return layerLoss('variance', weight, build, ({ probs_TE }, context) => {
    const mask_T = includePadding ? undefined : context.tokenMask_T;
    const mean_E = tokenMean(probs_TE, mask_T, context);
    const square_E = tokenMean(probs_TE.square(), mask_T, context);
    return mean_E.square().sub(square_E).mean();
  });
}

export const varianceCoordination = defineComponent(coordinationKind, {
  id: 'variance',
  description: 'routing probabilities that differ from token to token (Guo et al. 2025)',
  options,
  create: createVariance,
});
