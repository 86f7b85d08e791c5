import { defineComponent, type Build } from '@gmoe/core';
import {
  coefficientOptions,
  coordinationKind,
  layerLoss,
  meanOf,
  tokenMean,
  type CoordinationStrategy,
} from '@gmoe/coordination-core';
import { tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  ...coefficientOptions(0.01),
  epsilon: z.number().positive().default(1e-6).describe('keeps the division from 0 where an expert puts out nothing'),
});

/**
 * Orthogonality loss (Guo et al. 2025, arXiv 2505.22323): what the chosen experts put out for a token is to lie at right angles.
 * `mean_t sum_(j != k) |p_tjk|^2`, `p_tjk = <y_tj, y_tk> / (<y_tk, y_tk> + epsilon) y_tk`, the part of expert j's output that lies
 * along expert k's, over pairs of experts that both serve the token; mean over the linear layers of a routing and over
 * routings. y_te = scaling B_e A_e x, before the mixture weight. The authors write the sum of the projections over tokens; the
 * squared length has a gradient where an output is 0, as every one is at the start, and the mean does not depend on the
 * number of tokens. It goes with a balance loss, and with theirs of the variance of scores.
 */
function createOrthogonality({ epsilon, ...weight }: z.output<typeof options>, build: Build): CoordinationStrategy {
  const strategy = layerLoss('orthogonality', weight, build, ({ mask_TE, outputProducts }, context) => {
    const experts = mask_TE.shape[1];
    const pairs_TEE = mask_TE
      .expandDims(2)
      .mul(mask_TE.expandDims(1))
      .mul(tf.scalar(1).sub(tf.eye(experts)));
    return meanOf(
      outputProducts!.map((products_TEE) => {
        const lengths_TE = products_TEE.mul(tf.eye(experts)).sum<tf.Tensor2D>(2);
        const along_TE = lengths_TE.div<tf.Tensor2D>(lengths_TE.add(epsilon).square());
        const projected_TEE = products_TEE.square().mul(along_TE.expandDims(1));
        return tokenMean(projected_TEE.mul(pairs_TEE).sum([1, 2]), context.tokenMask_T, context) as tf.Scalar;
      }),
    );
  });
  return { ...strategy, needs: 'outputProducts' };
}

export const orthogonalityCoordination = defineComponent(coordinationKind, {
  id: 'orthogonality',
  description: "outputs of a token's experts at right angles (Guo et al. 2025)",
  options,
  create: createOrthogonality,
});
