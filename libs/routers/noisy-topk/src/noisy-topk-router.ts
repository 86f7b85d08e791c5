import { defineComponent } from '@gmoe/core';
import { routerKind, type Router } from '@gmoe/routers-core';
import { HostTensor, linear, tf, type RandomKey } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  std: z
    .number()
    .min(0)
    .default(0)
    .describe('standard deviation of both starting weights; the paper starts at 0: no signal and some noise'),
  noiseFloor: z.number().min(0).default(0.01).describe('smallest standard deviation of the noise'),
});

/**
 * Noisy top-k gating (Shazeer et al. 2017, arXiv 1701.06538, eq. 3-5): in training
 * `H = x Wg^T + N(0, 1) * (softplus(x Wn^T) + floor)`, in evaluation `H = x Wg^T`; `P = softmax(H)`. With the `top-k`
 * selector the renormalised weights are `softmax(KeepTopK(H, k))`. Wg, Wn [E, D]. Noise comes in as `context.noise_TE`.
 * The floor is not in the paper but in the authors' Tensor2Tensor code (`noise_epsilon`).
 */
function createNoisyTopKRouter({ std, noiseFloor }: z.output<typeof options>): Router {
  const start = (key: RandomKey, shape: readonly number[]): HostTensor =>
    std === 0 ? HostTensor.zeros(shape) : key.normal(shape, 0, std);
  return {
    id: 'noisy-topk',
    needsNoise: true,
    init: (key, { experts, modelWidth }) => ({
      trainable: {
        weight: start(key.fold('weight'), [experts, modelWidth]),
        'noise.weight': start(key.fold('noise'), [experts, modelWidth]),
      },
      frozen: {},
      state: {},
      warnings: [],
    }),
    route({ trainable }, x_TD, { noise_TE, training }) {
      const clean_TE = linear(x_TD, trainable['weight'] as tf.Tensor2D);
      if (!training) return { logits_TE: clean_TE, probs_TE: tf.softmax(clean_TE) };
      if (!noise_TE) throw new Error("router 'noisy-topk' needs noise_TE in training");
      const deviation_TE = tf.softplus(linear(x_TD, trainable['noise.weight'] as tf.Tensor2D)).add(noiseFloor);
      const logits_TE = clean_TE.add<tf.Tensor2D>(noise_TE.mul(deviation_TE));
      return { logits_TE, probs_TE: tf.softmax(logits_TE) };
    },
  };
}

export const noisyTopKRouter = defineComponent(routerKind, {
  id: 'noisy-topk',
  description: 'linear map with learned Gaussian noise in training (Shazeer et al. 2017)',
  options,
  create: createNoisyTopKRouter,
});
