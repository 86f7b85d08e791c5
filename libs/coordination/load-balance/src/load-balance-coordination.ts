import {
  coordinationKind,
  meanOf,
  tokenMean,
  type CoordinationStrategy,
  type LayerRouting,
} from '@gmoe/coordination-core';
import { defineComponent, UserError } from '@gmoe/core';
import { tf, topKMask } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  coefficient: z.number().min(0).default(0.01).describe('weight of this loss in the total'),
  secondSoftmax: z
    .boolean()
    .default(false)
    .describe(
      'apply softmax to the probabilities once more (reference: the routers hand over probabilities as if logits)',
    ),
  includePadding: z.boolean().default(false).describe('count padding tokens too (reference)'),
  poolLayers: z
    .boolean()
    .default(false)
    .describe(
      "average f and p over all layers before their product (Hugging Face's Mixtral, reference) instead of one loss per layer",
    ),
});
type Options = z.output<typeof options>;

interface Shares {
  /** f, share of tokens whose top-K holds the expert. [E] */
  readonly chosen_E: tf.Tensor;
  /** p, mean probability. [E] */
  readonly probability_E: tf.Tensor;
}

function shares(
  { probs_TE, mask_TE, assigned_TE = mask_TE }: LayerRouting,
  topK: number,
  mask_T: tf.Tensor1D | undefined,
  secondSoftmax: boolean,
): Shares {
  const probabilities_TE = secondSoftmax ? tf.softmax(probs_TE) : probs_TE;
  // A second softmax keeps the order, so it picks the same experts.
  const chosen_TE = secondSoftmax ? topKMask(probabilities_TE, topK) : assigned_TE;
  return { chosen_E: tokenMean(chosen_TE, mask_T), probability_E: tokenMean(probabilities_TE, mask_T) };
}

/**
 * Load balance: `E sum_e f_e p_e`, f = share of tokens whose top-K holds expert e, p = its mean probability, mean over
 * layers. K at its minimum, when all experts serve alike (Fedus et al. 2021 eq. 4; as in Mixtral and MixLoRA for top-K).
 */
function createLoadBalance(options: Options): CoordinationStrategy {
  return {
    id: 'load-balance',
    coefficient: options.coefficient,
    init({ expertsPerLayer }) {
      if (options.poolLayers && new Set(expertsPerLayer).size > 1) {
        throw new UserError(
          `coordination.load-balance.poolLayers: true needs as many experts in every layer; they are ${expertsPerLayer.join(', ')}`,
        );
      }
      return { trainable: {}, state: {} };
    },
    loss(_, { layers, tokenMask_T }, { topK }) {
      const mask = options.includePadding ? undefined : tokenMask_T;
      const perLayer = layers.map((layer) =>
        shares(layer, Math.min(topK, layer.probs_TE.shape[1]), mask, options.secondSoftmax),
      );
      const product = ({ chosen_E, probability_E }: Shares) =>
        chosen_E.mul(probability_E).sum().mul<tf.Scalar>(probability_E.shape[0]!);
      if (!options.poolLayers) return { loss: meanOf(perLayer.map(product)), metrics: {}, state: {} };
      const pooled = {
        chosen_E: meanOf(perLayer.map(({ chosen_E }) => chosen_E)),
        probability_E: meanOf(perLayer.map(({ probability_E }) => probability_E)),
      };
      return { loss: product(pooled), metrics: {}, state: {} };
    },
  };
}

export const loadBalanceCoordination = defineComponent(coordinationKind, {
  id: 'load-balance',
  description: 'share of tokens times mean probability (Switch, Mixtral)',
  options,
  fidelity: { reference: { secondSoftmax: true, includePadding: true, poolLayers: true } },
  create: createLoadBalance,
});
