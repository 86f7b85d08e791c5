import { componentField, defineComponent, type Build } from '@gmoe/core';
import { innerRouter, linearMapRouter, routerKind, traitsOf, type Router } from '@gmoe/routers-core';
import { HostTensor, stopGradient, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  router: componentField(routerKind)
    .nullable()
    .default(null)
    .describe('a router whose logits the affinities are sigmoids of, e.g. graph; null = a linear map of the token'),
  std: z.number().positive().default(0.02).describe('standard deviation of the starting expert centroids'),
  biasRate: z
    .number()
    .min(0)
    .default(0.001)
    .describe('gamma, by which the bias of an over- or underloaded expert moves each step (DeepSeek-V3: 0.001)'),
  epsilon: z.number().positive().default(1e-20).describe('added to the sum of affinities that they are divided by'),
});

/**
 * Auxiliary-loss-free balancing (DeepSeek-V3, arXiv 2412.19437, eq. 13-16; Wang et al. 2024, arXiv 2408.15664, algorithm
 * 1): affinities `s = sigmoid(x W^T)`, W [E, D]; experts are chosen by `s + b`, weighted by `s` alone, normalised over the
 * chosen. After each training step `b_e` falls by gamma if expert e served more tokens than the mean, rises by gamma if
 * fewer. The bias is state: no gradient, saved with the adapter.
 *
 * Probabilities are `s / sum s` (eq. 19), so that rows sum to 1 and auxiliary losses can be added; renormalised over the
 * chosen experts they give the same weights as `s`.
 *
 * With another router inside, its logits take the place of `x W^T`. They may all be far below 0, where affinities are 0 in float32: `s / sum s` is then
 * computed as `softmax(log s)`.
 */
function createSigmoidBiasRouter({ router, std, biasRate, epsilon }: z.output<typeof options>, build: Build): Router {
  const inner = router ? innerRouter('sigmoid-bias', router, build) : linearMapRouter('linear', () => std);
  return {
    id: 'sigmoid-bias',
    ranks: true,
    ...traitsOf(inner, { linear: true }),
    init: (key, spec) => ({ ...inner.init(key, spec), state: { bias: HostTensor.zeros([spec.experts]) } }),
    route({ trainable, frozen, state }, x_TD, context, spec) {
      const { logits_TE, map_ED } = inner.route({ trainable, frozen, state: {} }, x_TD, context, spec);
      const affinity_TE = tf.sigmoid(logits_TE);
      return {
        logits_TE,
        ...(map_ED ? { map_ED } : {}),
        probs_TE: router
          ? (tf.softmax(tf.softplus(logits_TE.neg()).neg()) as tf.Tensor2D)
          : affinity_TE.div(affinity_TE.sum(-1, true).add(epsilon)),
        selectionScores_TE: affinity_TE.add(stopGradient(state['bias'] as tf.Tensor1D)),
      };
    },
    nextState({ bias }, { load_E }) {
      return { bias: bias!.add(load_E.mean().sub(load_E).sign().mul(biasRate)) };
    },
  };
}

export const sigmoidBiasRouter = defineComponent(routerKind, {
  id: 'sigmoid-bias',
  description: 'sigmoid affinities with balancing biases and no loss (DeepSeek-V3)',
  options,
  appliesWhen: { std: { router: [null] }, epsilon: { router: [null] } },
  create: createSigmoidBiasRouter,
});
