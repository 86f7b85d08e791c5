import {
  coefficientOf,
  coefficientOptions,
  coordinationKind,
  meanOf,
  stepSum,
  tokenMean,
  type CoordinationContext,
  type CoordinationStrategy,
  type LayerRouting,
} from '@gmoe/coordination-core';
import { defineComponent, UserError, type Build } from '@gmoe/core';
import { tf, topKMask } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  ...coefficientOptions(0.01),
  secondSoftmax: z
    .boolean()
    .default(false)
    .describe(
      'apply softmax to the probabilities once more (reference: the routers hand over probabilities as if logits)',
    ),
  over: z
    .enum(['step', 'batch'])
    .default('step')
    .describe(
      'tokens over which f and p are taken: all of an optimizer step (Qiu et al. 2025, arXiv 2501.11873), or each accumulated batch on its own, then the mean',
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
  context: CoordinationContext,
): Shares {
  const probabilities_TE = secondSoftmax ? tf.softmax(probs_TE) : probs_TE;
  // A second softmax keeps the order, so it picks the same experts.
  const chosen_TE = secondSoftmax ? topKMask(probabilities_TE, topK) : assigned_TE;
  return {
    chosen_E: tokenMean(chosen_TE, mask_T, context),
    probability_E: tokenMean(probabilities_TE, mask_T, context),
  };
}

/**
 * Load balance: `E sum_e f_e p_e`, f = share of tokens whose top-K holds expert e, p = its mean probability, mean over
 * layers. K at its minimum, when all experts serve alike (Fedus et al. 2021 eq. 4; as in Mixtral and MixLoRA for top-K).
 */
function createLoadBalance(options: Options, build: Build): CoordinationStrategy {
  return {
    id: 'load-balance',
    ...coefficientOf(options, build),
    init({ expertsPerLayer }) {
      if (options.poolLayers && new Set(expertsPerLayer).size > 1) {
        throw new UserError(
          `coordination.load-balance.poolLayers: true needs as many experts in every layer; they are ${expertsPerLayer.join(', ')}`,
        );
      }
      return { trainable: {}, state: {} };
    },
    loss(_, context, { topK }) {
      if (options.over === 'step') return { loss: balance(options, context, topK), metrics: {}, state: {} };
      const ofBatch = balance(options, { ...context, stepSum: undefined }, topK);
      const loss = stepSum(ofBatch, context).div<tf.Scalar>(stepSum(tf.scalar(1), context));
      return { loss, metrics: {}, state: {} };
    },
  };
}

function balance(options: Options, context: CoordinationContext, topK: number): tf.Scalar {
  const mask = options.includePadding ? undefined : context.tokenMask_T;
  const perLayer = context.layers.map((layer) =>
    shares(layer, Math.min(topK, layer.probs_TE.shape[1]), mask, options.secondSoftmax, context),
  );
  const product = ({ chosen_E, probability_E }: Shares) =>
    chosen_E.mul(probability_E).sum().mul<tf.Scalar>(probability_E.shape[0]!);
  if (!options.poolLayers) return meanOf(perLayer.map(product));
  return product({
    chosen_E: meanOf(perLayer.map(({ chosen_E }) => chosen_E)),
    probability_E: meanOf(perLayer.map(({ probability_E }) => probability_E)),
  });
}

export const loadBalanceCoordination = defineComponent(coordinationKind, {
  id: 'load-balance',
  description: 'share of tokens times mean probability (Switch, Mixtral)',
  options,
  fidelity: { reference: { secondSoftmax: true, includePadding: true, poolLayers: true } },
  create: createLoadBalance,
});
