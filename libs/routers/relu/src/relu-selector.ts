import { defineComponent } from '@gmoe/core';
import { discrete, everySlot, selectorKind, type Selector } from '@gmoe/routers-core';
import { tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({});

/**
 * ReLU routing (ReMoE, Wang et al. 2024, arXiv 2412.14711, eq. 5): gates `G = ReLU(z)`, z the router's logits; no top-k and no
 * softmax, so that each token has its own number of experts, also none, and the choice is differentiable. How many is what the
 * strategy `relu-sparsity` steers. A token without an expert passes by the mixture.
 *
 * Probabilities stay the router's softmax: losses over them mean what they mean elsewhere.
 */
function createRelu(): Selector {
  return {
    id: 'relu',
    ranked: false,
    slots: (experts) => experts,
    select({ logits_TE }) {
      const mask_TE = discrete(logits_TE, (z_TE) => z_TE.greater(0).cast<tf.Tensor2D>('float32'));
      return everySlot(mask_TE, tf.relu(logits_TE));
    },
  };
}

export const reluSelector = defineComponent(selectorKind, {
  id: 'relu',
  description: 'every expert with a positive logit, weighted by it (ReMoE); goes with relu-sparsity',
  options,
  create: createRelu,
});
