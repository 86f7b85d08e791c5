import { defineComponent } from '@gmoe/core';
import { routerKind, type Router } from '@gmoe/routers-core';
import { HostTensor, linear, tf } from '@gmoe/tensor';
import { z } from 'zod';

/** The largest tau: a scale of 100. */
const MAX_LOG_SCALE = Math.log(100);

const options = z.strictObject({
  width: z.int().min(1).max(8192).default(256).describe('width of the projection that tokens are compared in'),
  scale: z
    .number()
    .positive()
    .max(100)
    .default(2)
    .describe('factor on the cosines at the start, exp(tau); tau is learned, up to a factor of 100'),
});

/** Rows at length 1. */
const unitRows = (x: tf.Tensor2D): tf.Tensor2D => x.div(x.square().sum(-1, true).add(1e-12).sqrt());

/**
 * Cosine router (X-MoE, Chi et al. 2022, arXiv 2204.09179; tutel's `cosine_top.py`): `s = norm(x Wp^T) norm(S)^T exp(min(tau, ln 100))`,
 * `P = softmax(s)`; Wp [C, D], S [E, C], tau a learned scalar. Differs from tutel: the projection has no bias, as in the paper.
 */
function createCosineRouter({ width, scale }: z.output<typeof options>): Router {
  return {
    id: 'cosine',
    init: (key, { experts, modelWidth }) => {
      const bound = Math.sqrt(1 / modelWidth);
      return {
        trainable: {
          'proj.weight': key.fold('proj').uniform([width, modelWidth], -bound, bound),
          'experts.weight': key.fold('experts').normal([experts, width], 0, 0.01),
          tau: HostTensor.float([Math.log(scale)]),
        },
        frozen: {},
        state: {},
        warnings: [],
      };
    },
    route({ trainable }, x_TD) {
      const projected_TC = unitRows(linear(x_TD, trainable['proj.weight'] as tf.Tensor2D));
      const cosines_TE = linear(projected_TC, unitRows(trainable['experts.weight'] as tf.Tensor2D));
      const factor = tf.minimum(trainable['tau']!, MAX_LOG_SCALE).exp();
      const logits_TE = cosines_TE.mul<tf.Tensor2D>(factor);
      return { logits_TE, probs_TE: tf.softmax(logits_TE) };
    },
  };
}

export const cosineRouter = defineComponent(routerKind, {
  id: 'cosine',
  description: 'scaled cosine of the projected token and a vector of each expert (X-MoE)',
  options,
  create: createCosineRouter,
});
