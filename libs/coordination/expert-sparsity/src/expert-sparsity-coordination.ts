import { defineComponent, type Build } from '@gmoe/core';
import {
  coefficientOptions,
  coordinationKind,
  layerLoss,
  tokenMean,
  type CoordinationStrategy,
} from '@gmoe/coordination-core';
import { sortDescending, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  ...coefficientOptions(0.1),
  k: z.int().min(1).max(1024).default(2).describe('experts per token above which a token pays'),
});

/**
 * Sparsity of a sparsegen choice (after LD-MoLE, arXiv 2509.25684): `mean_t max(0, b_t - lambda_t)`, mean over layers, with
 * `b = 1 + (k + 1) u_(k+1) - sum of the k + 1 largest logits u`: the smallest lambda at which a token has at most k experts. It is 0
 * exactly where no token has more. Layers of at most k experts have nothing to pay.
 */
function createExpertSparsity({ k, ...weight }: z.output<typeof options>, build: Build): CoordinationStrategy {
  const strategy = layerLoss('expert-sparsity', weight, build, ({ logits_TE, sparsity_T }, context) => {
    if (logits_TE.shape[1] <= k) return tf.scalar(0);
    const largest_TK = sortDescending(logits_TE).slice([0, 0], [-1, k + 1]);
    const last_T = largest_TK.slice([0, k], [-1, 1]).reshape([-1]);
    const bound_T = last_T
      .mul(k + 1)
      .sub(largest_TK.sum(1))
      .add(1);
    return tokenMean(tf.relu(bound_T.sub(sparsity_T!)), context.tokenMask_T, context);
  });
  return { ...strategy, needs: 'sparsity_T' };
}

export const expertSparsityCoordination = defineComponent(coordinationKind, {
  id: 'expert-sparsity',
  description: 'at most k experts a token of a sparsegen selector, by its lambda (LD-MoLE)',
  options,
  create: createExpertSparsity,
});
