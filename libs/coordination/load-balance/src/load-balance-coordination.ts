import {
  coefficientOf,
  coefficientOptions,
  coordinationKind,
  meanOf,
  sequenceSum,
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
    .enum(['step', 'batch', 'sequence'])
    .default('step')
    .describe(
      'tokens over which f and p are taken: all of an optimizer step (Qiu et al. 2025, arXiv 2501.11873), each accumulated batch on its own, then the mean; or each example on its own, then the mean (DeepSeek-V3 eq. 17-20)',
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
      if (options.over === 'sequence') return { loss: overSequences(context), metrics: {}, state: {} };
      if (options.over === 'step') return { loss: balance(options, context, topK), metrics: {}, state: {} };
      const ofBatch = balance(options, { ...context, stepSum: undefined }, topK);
      const loss = stepSum(ofBatch, context).div<tf.Scalar>(stepSum(tf.scalar(1), context));
      return { loss, metrics: {}, state: {} };
    },
  };
}

/**
 * The mean over sequences of `E sum_e f_e p_e`, f and p over the sequence's tokens; mean over layers. As a sum over tokens, each
 * weighted by 1 / length of its sequence: `f_e` of the token's sequence times its own `p_e`.
 */
function overSequences(context: CoordinationContext): tf.Scalar {
  return meanOf(
    context.layers.map(({ probs_TE, mask_TE, assigned_TE = mask_TE }) => {
      const { sum_TE, length_T, once_T } = sequenceSum(assigned_TE, context);
      const chosen_TE = sum_TE.div(tf.maximum(length_T, 1).expandDims(1));
      const product_T = chosen_TE.mul(probs_TE).sum(1).mul(once_T);
      const sequences = stepSum(once_T.sum(), context);
      return stepSum(product_T.sum(), context).div(sequences).mul(probs_TE.shape[1]);
    }),
  );
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
  appliesWhen: {
    secondSoftmax: { over: ['step', 'batch'] },
    includePadding: { over: ['step', 'batch'] },
    poolLayers: { over: ['step', 'batch'] },
  },
  fidelity: { reference: { secondSoftmax: true, includePadding: true, poolLayers: true } },
  create: createLoadBalance,
});
