import { linear, tf } from '@gmoe/tensor';
import type { Router } from './router.js';

/**
 * A router whose logits are a linear map of the token: `P = softmax(x W^T)`, W [E, D], which starts as N(0, std).
 *
 * @param stdOf the standard deviation, by the model's width D
 */
export function linearMapRouter(id: string, stdOf: (modelWidth: number) => number): Router {
  return {
    id,
    linear: true,
    init: (key, { experts, modelWidth }) => ({
      trainable: { weight: key.fold('weight').normal([experts, modelWidth], 0, stdOf(modelWidth)) },
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
