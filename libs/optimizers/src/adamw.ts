import { defineComponent } from '@gmoe/core';
import { HostTensor, type tf } from '@gmoe/tensor';
import { z } from 'zod';
import { composeOptimizer, optimizerKind } from './optimizer.js';
import { sharedOptions } from './shared-options.js';
import type { UpdateRule } from './update-rule.js';

const beta = z.number().min(0).lt(1);
const options = z.strictObject({
  ...sharedOptions({ learningRate: 2e-4, weightDecay: 0.01 }),
  betas: z
    .tuple([beta, beta])
    .default([0.9, 0.999])
    .describe('decay of the running means of the gradient and of its square'),
  epsilon: z.number().positive().finite().default(1e-8).describe('added to the root of the second moment'),
});

/**
 * `m <- b1 m + (1 - b1) g`, `v <- b2 v + (1 - b2) g^2`, update `lr (m / (1 - b1^t)) / (sqrt(v) / sqrt(1 - b2^t) + eps)`: epsilon
 * outside of the bias-corrected root, as torch.optim.AdamW.
 */
export function adam({
  betas: [beta1, beta2],
  epsilon,
}: Pick<z.output<typeof options>, 'betas' | 'epsilon'>): UpdateRule {
  return {
    init({ shape }) {
      return { first_moment: HostTensor.zeros(shape), second_moment: HostTensor.zeros(shape) };
    },
    scalars: (step) => ({
      firstCorrection: 1 / (1 - beta1 ** step),
      secondCorrection: 1 / Math.sqrt(1 - beta2 ** step),
    }),
    update(gradient_N, { first_moment, second_moment }, { learningRate, scalars }) {
      const first_N = first_moment!.mul(beta1).add<tf.Tensor1D>(gradient_N.mul(1 - beta1));
      const second_N = second_moment!.mul(beta2).add<tf.Tensor1D>(gradient_N.square().mul(1 - beta2));
      const update_N = first_N
        .mul(learningRate.mul(scalars['firstCorrection']!))
        .div<tf.Tensor1D>(second_N.sqrt().mul(scalars['secondCorrection']!).add(epsilon));
      return { update_N, state: { first_moment: first_N, second_moment: second_N } };
    },
  };
}

export const adamW = defineComponent(optimizerKind, {
  id: 'adamw',
  description: 'AdamW with decoupled weight decay (Loshchilov & Hutter 2019), as in PyTorch',
  options,
  appliesWhen: { weightDecayOn: { weightDecay: 'set' } },
  create: (settings) => composeOptimizer(adam(settings), settings),
});
