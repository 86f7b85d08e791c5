import { defineComponent } from '@gmoe/core';
import { composeOptimizer, optimizerKind, sharedOptions } from '../index.js';
import { z } from 'zod';

export const signSgd = defineComponent(optimizerKind, {
  id: 'sign-sgd',
  description: 'the sign of the gradient (Bernstein et al. 2018)',
  options: z.strictObject({ ...sharedOptions({ learningRate: 1e-4, weightDecay: 0 }) }),
  create: (options) =>
    composeOptimizer(
      {
        init: () => ({}),
        update: (gradient_N, _, { learningRate }) => ({ update_N: gradient_N.sign().mul(learningRate), state: {} }),
      },
      options,
    ),
});
