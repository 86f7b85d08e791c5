import { defineComponent } from '@gmoe/core';
import { routerKind, type Router } from '@gmoe/routers-core';
import { linear, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  initScale: z
    .number()
    .positive()
    .default(0.1)
    .describe('s; weights start as N(0, sqrt(s / D)), section 2.4 of the paper: 0.1, a tenth of the usual'),
});

/**
 * Router of the Switch Transformer (Fedus, Zoph & Shazeer 2022, arXiv 2101.03961, eq. 1): `P = softmax(x W^T)`, W [E, D],
 * meant for the `switch` selector (one expert a token, with capacity) and the `load-balance` strategy. The paper truncates
 * the starting weights at two standard deviations; here they are not truncated.
 */
function createSwitchRouter({ initScale }: z.output<typeof options>): Router {
  return {
    id: 'switch',
    linear: true,
    init: (key, { experts, modelWidth }) => ({
      trainable: { weight: key.fold('weight').normal([experts, modelWidth], 0, Math.sqrt(initScale / modelWidth)) },
      frozen: {},
      state: {},
      warnings: [],
    }),
    route({ trainable }, x_TD) {
      const map_ED = trainable['weight'] as tf.Tensor2D;
      const logits_TE = linear(x_TD, map_ED);
      return { logits_TE, probs_TE: tf.softmax(logits_TE), map_ED };
    },
  };
}

export const switchRouter = defineComponent(routerKind, {
  id: 'switch',
  description: 'linear map with input jitter in training (Switch Transformer)',
  options,
  create: createSwitchRouter,
});
