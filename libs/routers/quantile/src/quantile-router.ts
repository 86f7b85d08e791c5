import { componentField, defineComponent, UserError, type Build } from '@gmoe/core';
import { innerRouter, routerKind, traitsOf, type Router } from '@gmoe/routers-core';
import { HostTensor, oneHot, stopGradient, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  router: componentField(routerKind)
    .prefault({ id: 'linear' })
    .describe('the router whose choice is balanced; the other keys are its own options'),
});

/** Below every score, and small enough that 0 times it is 0. */
const LOWEST = -1e30;

/** The value of each row of x [N, M] that `count` (scalar) others are larger than. [N] */
function afterLargest(x_NM: tf.Tensor2D, count: tf.Tensor): tf.Tensor1D {
  const width = x_NM.shape[1];
  const sorted_NM = tf.topk(x_NM, width, true).values;
  const place_1M = oneHot(count.cast('int32').reshape([1]), width);
  return sorted_NM.mul(place_1M).sum(1);
}

/**
 * One round of coordinate descent on the dual of the balanced assignment: `alpha_t` = the (k + 1)-th largest of `s_t - beta`, next
 * `beta_e` = the (floor(T k / E) + 1)-th largest over real tokens t of `s_te - alpha_t`. s [T, E], beta [E], mask [T] -> [E].
 */
export function nextBeta(s_TE: tf.Tensor2D, beta_E: tf.Tensor1D, mask_T: tf.Tensor1D, k: number): tf.Tensor1D {
  const experts = s_TE.shape[1];
  const ranked_TE = tf.topk(s_TE.sub<tf.Tensor2D>(beta_E), k + 1, true).values;
  const alpha_T1 = ranked_TE.slice([0, k], [-1, 1]);
  // A little above the quotient, so that rounding does not take one from a whole number.
  const places = mask_T
    .sum()
    .mul(k / experts)
    .add(1e-3)
    .floor();
  const real_T1 = mask_T.expandDims(1);
  const margin_TE = s_TE.sub(alpha_T1).mul(real_T1).add(tf.sub(1, real_T1).mul(LOWEST));
  return afterLargest(margin_TE.transpose() as tf.Tensor2D, places);
}

/**
 * Quantile balancing (Megatron-LM `qb_dual_update`): experts are the top k of `s - beta`, weighted by `s` alone; s = the
 * probabilities of the router inside. No loss and no coefficient: after each training step beta moves to the quantile at which every
 * expert would have served T k / E of the step's tokens. Beta is state: no gradient, fixed in evaluation, saved with the adapter.
 */
function createQuantile(choice: z.output<typeof options>, build: Build): Router {
  const inner = innerRouter('quantile', choice.router, build);
  return {
    id: 'quantile',
    ranks: true,
    ...traitsOf(inner, { linear: true }),
    init(key, spec) {
      if (spec.topK >= spec.experts && spec.experts > 1) {
        throw new UserError(
          `router: 'quantile' balances a choice, and every one of the ${spec.experts} experts is chosen: take fewer (selector.k) or another router`,
        );
      }
      const drawn = inner.init(key, spec);
      return { ...drawn, state: { beta: HostTensor.zeros([spec.experts]) } };
    },
    route({ trainable, frozen, state }, x_TD, context, spec) {
      const output = inner.route({ trainable, frozen, state: {} }, x_TD, context, spec);
      const beta_E = stopGradient(state['beta'] as tf.Tensor1D);
      return { ...output, selectionScores_TE: output.probs_TE.sub<tf.Tensor2D>(beta_E) };
    },
    stepScores: ({ probs_TE }) => stopGradient(probs_TE),
    nextState: ({ beta }, { scores_TE, tokenMask_T }, { topK, experts }) => ({
      beta: experts === 1 ? beta! : nextBeta(scores_TE!, beta as tf.Tensor1D, tokenMask_T!, topK),
    }),
  };
}

export const quantileRouter = defineComponent(routerKind, {
  id: 'quantile',
  description: 'another router, balanced without a loss by a bias from quantiles of its scores (Megatron-LM)',
  options,
  create: createQuantile,
});
