import { defineComponent } from '@gmoe/core';
import { linear, tf } from '@gmoe/tensor';
import { z } from 'zod';
import { routerKind } from '../router.js';

/** A router `z = 2 tanh(x W^T)` under any id, for tests of routers that hold another one. */
export const stubRouter = (id: string) =>
  defineComponent(routerKind, {
    id,
    description: 'a stand-in',
    options: z.strictObject({}),
    create: () => ({
      id,
      init: (key, { experts, modelWidth }) => ({
        trainable: { weight: key.fold('weight').normal([experts, modelWidth]) },
        frozen: {},
        state: {},
        warnings: [],
      }),
      edges: () => [[1]],
      route({ trainable }, x_TD) {
        const logits_TE = tf.tanh(linear(x_TD, trainable['weight'] as tf.Tensor2D)).mul<tf.Tensor2D>(2);
        return { logits_TE, probs_TE: tf.softmax(logits_TE) };
      },
    }),
  });
