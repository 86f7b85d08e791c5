import { componentField, defineComponent, type Build } from '@gmoe/core';
import { innerRouter, routerKind, traitsOf, type Router } from '@gmoe/routers-core';
import { HostTensor, stopGradient, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  router: componentField(routerKind)
    .prefault({ id: 'graph' })
    .describe('the router whose logits are centred; the other keys are its own options'),
  decay: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('share of the mean that each step keeps; 0 = the mean is that of the last step alone'),
});

/**
 * Logits centred over tokens: `z - m`, m [E] = the mean of `z` over the real tokens of the steps before, so that what all tokens have
 * in common decides nothing and only the difference between tokens does. m is state: no gradient, fixed in evaluation, 0 in the
 * first step. Not published: an answer to the fixed order of experts that a graph router starts with (docs/ablation.md).
 */
function createCentred({ router, decay }: z.output<typeof options>, build: Build): Router {
  const inner = innerRouter('centred', router, build);
  return {
    id: 'centred',
    ...traitsOf(inner, { linear: false }),
    init: (key, spec) => ({ ...inner.init(key, spec), state: { mean: HostTensor.zeros([spec.experts]) } }),
    route({ trainable, frozen, state }, x_TD, context, spec) {
      const output = inner.route({ trainable, frozen, state: {} }, x_TD, context, spec);
      const logits_TE = output.logits_TE.sub<tf.Tensor2D>(stopGradient(state['mean']!));
      return { logits_TE, probs_TE: tf.softmax(logits_TE) };
    },
    stepScores: ({ logits_TE }) => stopGradient(logits_TE),
    nextState({ mean }, { scores_TE, tokenMask_T }) {
      const real_T1 = tokenMask_T!.expandDims(1);
      // The scores are centred already: their mean is what the mean has moved by.
      const moved_E = scores_TE!.mul(real_T1).sum(0).div(real_T1.sum());
      return { mean: mean!.add(moved_E.mul(1 - decay)) };
    },
  };
}

export const centredRouter = defineComponent(routerKind, {
  id: 'centred',
  description: 'another router, its logits centred over the tokens of past steps',
  options,
  create: createCentred,
});
