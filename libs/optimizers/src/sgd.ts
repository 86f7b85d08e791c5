import { defineComponent } from '@gmoe/core';
import { HostTensor, type tf } from '@gmoe/tensor';
import { z } from 'zod';
import { composeOptimizer, optimizerKind } from './optimizer.js';
import { sharedOptions } from './shared-options.js';
import type { UpdateRule } from './update-rule.js';

const options = z
  .strictObject({
    ...sharedOptions({ learningRate: 1e-2, weightDecay: 0 }),
    momentum: z.number().min(0).lt(1).default(0.9).describe('decay of the running sum of gradients; 0 = none is kept'),
    nesterov: z.boolean().default(false).describe('look one step ahead (Sutskever et al. 2013); needs momentum'),
  })
  .refine(({ momentum, nesterov }) => !nesterov || momentum > 0, {
    path: ['nesterov'],
    message: 'needs a momentum above 0',
  });

/** `b <- mu b + g`, update `lr b`, with Nesterov's momentum `lr (g + mu b)`: torch.optim.SGD without dampening. */
export function momentumSgd({
  momentum: mu,
  nesterov,
}: Pick<z.output<typeof options>, 'momentum' | 'nesterov'>): UpdateRule {
  return {
    init: ({ shape }) => (mu === 0 ? {} : { momentum: HostTensor.zeros(shape) }),
    update(gradient_N, { momentum }, { learningRate }) {
      if (!momentum) return { update_N: gradient_N.mul<tf.Tensor1D>(learningRate), state: {} };
      const sum_N = momentum.mul(mu).add<tf.Tensor1D>(gradient_N);
      const direction_N = nesterov ? gradient_N.add<tf.Tensor1D>(sum_N.mul(mu)) : sum_N;
      return { update_N: direction_N.mul<tf.Tensor1D>(learningRate), state: { momentum: sum_N } };
    },
  };
}

export const sgd = defineComponent(optimizerKind, {
  id: 'sgd',
  description: "stochastic gradient descent with momentum; weight decay in the gradient, as in PyTorch's SGD",
  options,
  appliesWhen: { weightDecayOn: { weightDecay: 'set' } },
  create: (settings) => composeOptimizer(momentumSgd(settings), settings, 'gradient'),
});
