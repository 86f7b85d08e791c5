import { defineComponent } from '@gmoe/core';
import { routerKind, type Router } from '@gmoe/routers-core';
import { linear, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  std: z.number().positive().default(0.02).describe('standard deviation of the starting weights'),
});

/** `P = softmax(x Wg^T)`, Wg [E, D] (Shazeer et al. 2017 eq. 2 without noise; Fedus et al. 2021 eq. 1). */
function createLinearRouter({ std }: z.output<typeof options>): Router {
  return {
    id: 'linear',
    linear: true,
    init: (key, { experts, modelWidth }) => ({
      trainable: { weight: key.fold('weight').normal([experts, modelWidth], 0, std) },
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

export const linearRouter = defineComponent(routerKind, {
  id: 'linear',
  description: 'softmax of a linear map of the token',
  options,
  create: createLinearRouter,
});
