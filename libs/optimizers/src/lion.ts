import { defineComponent } from '@gmoe/core';
import { HostTensor, type tf } from '@gmoe/tensor';
import { z } from 'zod';
import { composeOptimizer, optimizerKind } from './optimizer.js';
import { sharedOptions } from './shared-options.js';
import type { UpdateRule } from './update-rule.js';

const beta = z.number().min(0).lt(1);
const options = z.strictObject({
  ...sharedOptions({ learningRate: 3e-5, weightDecay: 0.1 }),
  betas: z
    .tuple([beta, beta])
    .default([0.9, 0.99])
    .describe('weight of the momentum in the update, and decay of the momentum'),
});

/** Update `lr sign(b1 m + (1 - b1) g)`, then `m <- b2 m + (1 - b2) g` (Chen et al. 2023, arXiv 2302.06675, algorithm 2). */
export function signedMomentum({ betas: [beta1, beta2] }: Pick<z.output<typeof options>, 'betas'>): UpdateRule {
  return {
    init: ({ shape }) => ({ momentum: HostTensor.zeros(shape) }),
    update(gradient_N, { momentum }, { learningRate }) {
      const direction_N = momentum!.mul(beta1).add<tf.Tensor1D>(gradient_N.mul(1 - beta1));
      return {
        update_N: direction_N.sign().mul<tf.Tensor1D>(learningRate),
        state: { momentum: momentum!.mul(beta2).add<tf.Tensor1D>(gradient_N.mul(1 - beta2)) },
      };
    },
  };
}

export const lion = defineComponent(optimizerKind, {
  id: 'lion',
  description: 'Lion: the sign of an interpolated momentum, with decoupled weight decay (Chen et al. 2023)',
  options,
  appliesWhen: { weightDecayOn: { weightDecay: 'set' } },
  create: (settings) => composeOptimizer(signedMomentum(settings), settings),
});
