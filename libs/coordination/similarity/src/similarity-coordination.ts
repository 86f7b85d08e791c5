import { defineComponent, type Build } from '@gmoe/core';
import { coefficientOptions, coordinationKind, layerLoss, type CoordinationStrategy } from '@gmoe/coordination-core';
import { tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({ ...coefficientOptions(0.01) });

/**
 * Similarity-preserving balance (SimBal, 2025, arXiv 2506.14038): `|R^T R - I|_1`, the sum over entries, mean over layers; R [D, E] is
 * the router's linear map. Orthogonal columns of length 1 keep the similarities of tokens, so that like tokens go to like experts
 * and no expert's direction repeats another's. A loss of the parameters alone: tokens and padding have no part in it.
 */
function createSimilarity(weight: z.output<typeof options>, build: Build): CoordinationStrategy {
  const strategy = layerLoss('similarity', weight, build, ({ map_ED }) => {
    const gram_EE = tf.matMul(map_ED!, map_ED!, false, true);
    return gram_EE.sub(tf.eye(gram_EE.shape[0])).abs().sum();
  });
  return { ...strategy, needs: 'map_ED' };
}

export const similarityCoordination = defineComponent(coordinationKind, {
  id: 'similarity',
  description: "orthogonal directions of a linear router's experts (SimBal)",
  options,
  create: createSimilarity,
});
