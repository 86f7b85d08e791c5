import { defineComponent } from '@gmoe/core';
import { discrete, everySlot, selectorKind, type Selector } from '@gmoe/routers-core';
import { HostTensor, linear, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  maxThreshold: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(null)
    .describe('the highest threshold a token can have; null = 1 / E, below which every token has an expert'),
});

/**
 * Adaptive threshold (AdaMoLE, Liu & Luo 2024, arXiv 2405.00361): experts with `P_e >= tau(x)`, `tau = tau_max sigmoid(w x + b)`,
 * weighted by `P_e - tau` over their sum; w [1, D], b learned. A token above whose threshold there is no expert passes by the mixture.
 */
function createThreshold({ maxThreshold }: z.output<typeof options>): Selector {
  return {
    id: 'threshold',
    ranked: false,
    slots: (experts) => experts,
    init: (key, { modelWidth }) => ({
      weight: key.fold('weight').normal([1, modelWidth], 0, 0.02),
      bias: HostTensor.zeros([1]),
    }),
    select({ probs_TE }, _, input) {
      const { trainable, x_TD } = input!;
      const highest = maxThreshold ?? 1 / probs_TE.shape[1];
      const tau_T1 = tf.sigmoid(linear(x_TD, trainable['weight'] as tf.Tensor2D).add(trainable['bias']!)).mul(highest);
      const above_TE = probs_TE.sub<tf.Tensor2D>(tau_T1);
      const mask_TE = discrete(above_TE, (margin_TE) => margin_TE.greaterEqual(0).cast<tf.Tensor2D>('float32'));
      const kept_TE = above_TE.mul<tf.Tensor2D>(mask_TE);
      const sum_T1 = kept_TE.sum(1, true);
      // Where nothing is kept the sum is 0 and so are the weights.
      const some_T1 = discrete(sum_T1 as tf.Tensor2D, (sum) => sum.equal(0).cast<tf.Tensor2D>('float32'));
      return everySlot(mask_TE, kept_TE.div<tf.Tensor2D>(sum_T1.add(some_T1)));
    },
  };
}

export const thresholdSelector = defineComponent(selectorKind, {
  id: 'threshold',
  description: 'the experts above a learned threshold of the token (AdaMoLE)',
  options,
  create: createThreshold,
});
