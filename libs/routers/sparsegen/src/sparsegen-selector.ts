import { defineComponent } from '@gmoe/core';
import { everySlot, selectorKind, type Selector } from '@gmoe/routers-core';
import { HostTensor, linear, tf } from '@gmoe/tensor';
import { z } from 'zod';
import { sparsegen } from './sparsegen.js';

const options = z.strictObject({
  lambda: z
    .number()
    .min(-100)
    .max(0.9)
    .default(0)
    .describe('lambda of every token at the start: 0 = sparsemax; larger is sparser, below 1'),
  hidden: z
    .int()
    .min(1)
    .max(8192)
    .nullable()
    .default(64)
    .describe('width of the network that learns lambda from the token; null = lambda stays as it is'),
});

/** lambda stays below this, for `1 - lambda` divides. */
const CEILING = 0.99;

/**
 * Learned dynamic routing (LD-MoLE, Zhuang et al. 2025, arXiv 2509.25684): weights are the sparsegen projection of the logits, with
 * a lambda of each token: `lambda(x) = c - softplus(w2 silu(W1 x) + b)`, c = 0.99. Each token has its own number of experts, at least
 * one; everything is differentiable. The strategy `expert-sparsity` bounds that number. Differs from the authors': the network
 * belongs to its layer, where theirs serves all layers of one width.
 */
function createSparsegen({ lambda, hidden }: z.output<typeof options>): Selector {
  return {
    id: 'sparsegen',
    ranked: false,
    sparsity: true,
    slots: (experts) => experts,
    ...(hidden === null
      ? {}
      : {
          init: (key, { modelWidth }) => ({
            'hidden.weight': key.fold('hidden').normal([hidden, modelWidth], 0, Math.sqrt(1 / modelWidth)),
            // Zero: lambda starts the same for every token.
            'out.weight': HostTensor.zeros([1, hidden]),
            'out.bias': HostTensor.float([Math.log(Math.expm1(CEILING - lambda))]),
          }),
        }),
    select({ logits_TE }, _, input) {
      const tokens = logits_TE.shape[0];
      const learned_T = () => {
        const { trainable, x_TD } = input!;
        const hidden_TH = linear(x_TD, trainable['hidden.weight'] as tf.Tensor2D);
        const out_T1 = linear(hidden_TH.mul(tf.sigmoid(hidden_TH)), trainable['out.weight'] as tf.Tensor2D);
        return tf.sub<tf.Tensor1D>(CEILING, tf.softplus(out_T1.add(trainable['out.bias']!)).reshape([tokens]));
      };
      const sparsity_T = input ? learned_T() : tf.fill<tf.Rank.R1>([tokens], lambda);
      const { mask_TE, p_TE } = sparsegen(logits_TE, sparsity_T);
      return { ...everySlot(mask_TE, p_TE), sparsity_T };
    },
  };
}

export const sparsegenSelector = defineComponent(selectorKind, {
  id: 'sparsegen',
  description: 'a learned number of experts a token: sparse projection with a learned lambda (LD-MoLE)',
  options,
  create: createSparsegen,
});
