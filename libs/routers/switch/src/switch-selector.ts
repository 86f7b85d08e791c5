import { defineComponent } from '@gmoe/core';
import { selectorKind, discrete, type Selector, type StepUsage } from '@gmoe/routers-core';
import { oneHot, topKIds, type tf } from '@gmoe/tensor';
import { z } from 'zod';

const capacityFactor = z.number().positive();
const options = z.strictObject({
  capacityFactor: capacityFactor
    .nullable()
    .default(1.25)
    .describe('tokens that an expert takes in an optimizer step, as a multiple of tokens / E; null = no limit'),
  evalCapacityFactor: capacityFactor
    .nullable()
    .default(null)
    .describe('the same in evaluation; null = no limit, so that a prediction does not depend on its batch'),
  renormalize: z
    .boolean()
    .default(false)
    .describe(
      'weight 1 for the chosen expert in place of its probability (eq. 2); the router then learns from auxiliary losses only',
    ),
});

/**
 * One expert a token, with capacity (Switch Transformer, arXiv 2101.03961, eq. 2-3): the most probable expert, weighted
 * by its probability. Tokens come in batch order; an expert that has taken `ceil(capacityFactor tokens / E)` tokens drops
 * the rest, which get weight 0 everywhere. Padding takes no room.
 *
 * A dropped token passes by the mixture: with `form: additive` it keeps the frozen network, with `form: ffn` the whole
 * feed-forward network is skipped, as in the Switch Transformer.
 */
function createSwitchSelector(settings: z.output<typeof options>): Selector {
  return {
    id: 'switch',
    slots: () => 1,
    select({ probs_TE, selectionScores_TE }, { tokenMask_T, training, step }) {
      const scores_TE = selectionScores_TE ?? probs_TE;
      const experts = probs_TE.shape[1];
      const factor = training ? settings.capacityFactor : settings.evalCapacityFactor;
      const ids_TK = topKIds(scores_TE, 1);
      const assigned_TE = oneHot(ids_TK, experts).sum(1) as tf.Tensor2D;
      const mask_TE =
        factor === null
          ? assigned_TE
          : discrete(scores_TE, () => withinCapacity(assigned_TE, tokenMask_T, factor, step));
      const gates_TE = settings.renormalize ? mask_TE : probs_TE.mul<tf.Tensor2D>(mask_TE);
      return { mask_TE, gates_TE, ids_TK, weights_TK: gates_TE.sum<tf.Tensor2D>(1, true), assigned_TE };
    },
  };
}

/** `assigned` without the tokens that come after their expert is full. assigned [T, E], mask [T] -> [T, E]. */
function withinCapacity(
  assigned_TE: tf.Tensor2D,
  tokenMask_T: tf.Tensor1D,
  factor: number,
  step?: StepUsage,
): tf.Tensor2D {
  const counted_TE = assigned_TE.mul<tf.Tensor2D>(tokenMask_T.expandDims(1));
  const inBatch_TE = counted_TE.cumsum(0, true);
  const before_TE = step ? inBatch_TE.add(step.assigned_E) : inBatch_TE;
  const tokens = step ? step.tokens : tokenMask_T.sum();
  // Just below the product, so that rounding opens no place: positions 0 .. ceil(factor N / E) - 1 are below it.
  const capacity = tokens.mul((factor / assigned_TE.shape[1]) * (1 - 1e-6));
  return assigned_TE.mul(before_TE.less(capacity).cast('float32'));
}

export const switchSelector = defineComponent(selectorKind, {
  id: 'switch',
  description: 'one expert a token, with a capacity (Switch Transformer)',
  options,
  create: createSwitchSelector,
});
