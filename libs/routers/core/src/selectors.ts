import { defineComponent } from '@gmoe/core';
import { customGradient, oneHot, topKIds, topKMask, takeAlongLast, tf } from '@gmoe/tensor';
import { z } from 'zod';
import type { RouterOutput } from './router.js';
import { discrete } from './discrete.js';
import { selectorKind, type Selection, type Selector } from './selector.js';

/**
 * Probabilities of the selected experts, renormalised to sum 1 (paper eq. 4): `w = P m / sum(P m)`. The gradient is written as
 * `(g - sum(g w)) / sum(P m)`: what a quotient's two halves leave of each other is otherwise rounding, all of it for K = 1.
 */
function renormalize(probs_TE: tf.Tensor2D, mask_TE: tf.Tensor2D): tf.Tensor2D {
  return customGradient<tf.Tensor2D, tf.Tensor2D>(probs_TE.mul<tf.Tensor2D>(mask_TE), (kept_TE, save) => {
    const sum_T1 = kept_TE.sum<tf.Tensor2D>(-1, true);
    const gates_TE = kept_TE.div<tf.Tensor2D>(sum_T1);
    save([gates_TE, sum_T1]);
    return {
      value: gates_TE,
      gradFunc: (dy_TE, [gates, sum]) => dy_TE.sub(dy_TE.mul(gates!).sum(-1, true)).div(sum!),
    };
  });
}

const scoresOf = ({ selectionScores_TE, probs_TE }: RouterOutput): tf.Tensor2D => selectionScores_TE ?? probs_TE;

/** All experts in their order as slots, weighted by the gates. */
export function everySlot(mask_TE: tf.Tensor2D, gates_TE: tf.Tensor2D): Selection {
  const [tokens, experts] = gates_TE.shape;
  const ids_TK = tf.tile(tf.range(0, experts, 1, 'int32').reshape([1, experts]), [tokens, 1]) as tf.Tensor2D;
  return { mask_TE, gates_TE, ids_TK, weights_TK: gates_TE };
}

const topKOptions = z.strictObject({
  k: z.int().min(1).max(1024).default(2).describe('K, experts per token; at most the experts of every layer'),
});

/** The `k` experts with the largest scores; ties take the lower index. */
function createTopK({ k }: z.output<typeof topKOptions>): Selector {
  return {
    id: 'top-k',
    slots: () => k,
    select(output) {
      const scores_TE = scoresOf(output);
      const ids_TK = topKIds(scores_TE, k);
      const mask_TE =
        k === scores_TE.shape[1] ? topKMask(scores_TE, k) : (oneHot(ids_TK, scores_TE.shape[1]).sum(1) as tf.Tensor2D);
      const gates_TE = renormalize(output.probs_TE, mask_TE);
      return { mask_TE, gates_TE, ids_TK, weights_TK: takeAlongLast(gates_TE, ids_TK) };
    },
  };
}

export const topKSelector = defineComponent(selectorKind, {
  id: 'top-k',
  description: 'the k experts with the largest scores',
  options: topKOptions,
  create: createTopK,
});

const denseOptions = z.strictObject({});

/** Every expert, weighted by its probability (LoRAMoE). */
function createDense(): Selector {
  return {
    id: 'dense',
    slots: (experts) => experts,
    select: ({ probs_TE }) => everySlot(tf.onesLike(probs_TE), renormalize(probs_TE, tf.onesLike(probs_TE))),
  };
}

export const denseSelector = defineComponent(selectorKind, {
  id: 'dense',
  description: 'every expert, weighted by its probability (LoRAMoE)',
  options: denseOptions,
  create: createDense,
});

const topPOptions = z.strictObject({
  p: z.number().gt(0).max(1).default(0.75).describe('probability mass that the chosen experts must reach together'),
});

/**
 * The fewest experts whose probabilities sum to at least `p` (Huang et al. 2024, "Harder Tasks Need More Experts", eq. 4);
 * at least one. The number differs by token, so every expert has a slot.
 */
function createTopP({ p }: z.output<typeof topPOptions>): Selector {
  return {
    id: 'top-p',
    slots: (experts) => experts,
    select(output) {
      const mask_TE = discrete(scoresOf(output), (scores_TE) => {
        const experts = scores_TE.shape[1];
        const ids_TE = topKIds(scores_TE, experts);
        const sorted_TE = takeAlongLast(output.probs_TE, ids_TE);
        // Taken while the mass before an expert is below p. Axis 1, not -1, which tfjs mistakes.
        const taken_TE = sorted_TE.cumsum(1, true).less(p).cast('float32');
        return oneHot(ids_TE, experts).mul(taken_TE.expandDims(2)).sum(1) as tf.Tensor2D;
      });
      return everySlot(mask_TE, renormalize(output.probs_TE, mask_TE));
    },
  };
}

export const topPSelector = defineComponent(selectorKind, {
  id: 'top-p',
  description: 'the fewest experts whose probabilities reach p together',
  options: topPOptions,
  create: createTopP,
});
