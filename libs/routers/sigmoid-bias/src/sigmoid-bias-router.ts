import { defineComponent } from '@gmoe/core';
import { routerKind, type Router } from '@gmoe/routers-core';
import { HostTensor, linear, stopGradient, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
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
 */
function createSigmoidBiasRouter({ std, biasRate, epsilon }: z.output<typeof options>): Router {
  return {
    id: 'sigmoid-bias',
    init: (key, { experts, modelWidth }) => ({
      trainable: { weight: key.fold('weight').normal([experts, modelWidth], 0, std) },
      frozen: {},
      state: { bias: HostTensor.zeros([experts]) },
      warnings: [],
    }),
    route({ trainable, state }, x_TD) {
      const logits_TE = linear(x_TD, trainable['weight'] as tf.Tensor2D);
      const affinity_TE = tf.sigmoid(logits_TE);
      return {
        logits_TE,
        probs_TE: affinity_TE.div(affinity_TE.sum(-1, true).add(epsilon)),
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
  create: createSigmoidBiasRouter,
});
