import { defineComponent } from '@gmoe/core';
import { discrete, everySlot, selectorKind, type Selector } from '@gmoe/routers-core';
import { oneHot, tf, topKMask } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  k: z
    .int()
    .min(1)
    .max(1024)
    .default(2)
    .describe(
      'K, experts per token on average: an expert takes ceil(T K / E) of T tokens; at most the experts of a layer',
    ),
  evaluation: z
    .enum(['expert-choice', 'top-k'])
    .default('expert-choice')
    .describe(
      'outside of training: experts choose among the tokens of a batch too (the paper), which then looks at later tokens and cannot generate; or each token takes its k best experts',
    ),
});

/** Below every probability, and small enough that 0 times it is 0. */
const LOWEST = -1e30;

/** 1 where a token is among the `ceil(T k / E)` best of an expert, T the real tokens; equal scores are taken alike. */
function chosenByExperts(scores_TE: tf.Tensor2D, tokenMask_T: tf.Tensor1D, k: number): tf.Tensor2D {
  const [tokens, experts] = scores_TE.shape;
  const real_T1 = tokenMask_T.expandDims(1);
  const offered_TE = scores_TE.mul(real_T1).add(tf.sub(1, real_T1).mul(LOWEST));
  const sorted_ET = tf.topk(offered_TE.transpose() as tf.Tensor2D, tokens, true).values;
  // Of `ceil(T k / E)` tokens the last: a little below the quotient, so that rounding adds none.
  const places = tokenMask_T
    .sum()
    .mul(k / experts)
    .sub(1e-3)
    .ceil();
  const last_1T = oneHot(places.sub(1).cast('int32').reshape([1]), tokens);
  const lowest_1E = sorted_ET.mul(last_1T).sum(1).expandDims(0);
  return offered_TE.greaterEqual(lowest_1E).cast<tf.Tensor2D>('float32');
}

/**
 * Expert choice (Zhou et al. 2022, arXiv 2202.09368): each expert takes its best tokens of the batch, `ceil(T k / E)` of T, weighted by
 * the router's probability; a token has as many experts as choose it, also none, and then passes by the mixture. Loads are equal by
 * construction. **Not causal**: whether an expert takes a token depends on later tokens and on the rest of the batch. Generation is
 * refused unless `evaluation: top-k`, and so is accumulation.
 */
function createExpertChoice({ k, evaluation }: z.output<typeof options>): Selector {
  return {
    id: 'expert-choice',
    ranked: false,
    acrossTokens: true,
    acausal: evaluation === 'expert-choice',
    slots: (experts) => (k <= experts ? experts : k),
    select({ probs_TE }, { tokenMask_T, training }) {
      const byTokens = !training && evaluation === 'top-k';
      const mask_TE = byTokens
        ? topKMask(probs_TE, k)
        : discrete(probs_TE, (scores_TE) => chosenByExperts(scores_TE, tokenMask_T, k));
      return everySlot(mask_TE, probs_TE.mul<tf.Tensor2D>(mask_TE));
    },
  };
}

export const expertChoiceSelector = defineComponent(selectorKind, {
  id: 'expert-choice',
  description: 'each expert takes its best tokens of the batch; not causal (Zhou et al. 2022)',
  options,
  create: createExpertChoice,
});
