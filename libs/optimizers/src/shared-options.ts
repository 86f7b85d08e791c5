import { z } from 'zod';

/** Options that every optimizer has: what is done around its update rule. */
export interface SharedOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly weightDecayOn: 'all' | 'matrices';
  readonly loraPlusRatio: number;
  readonly clipNorm: number | null;
}

/** @param defaults those that depend on the optimizer */
export function sharedOptions({ learningRate, weightDecay }: Pick<SharedOptions, 'learningRate' | 'weightDecay'>) {
  return {
    learningRate: z
      .number()
      .positive()
      .finite()
      .default(learningRate)
      .describe('highest learning rate; the schedule scales it'),
    weightDecay: z.number().min(0).default(weightDecay).describe('pull of the parameters towards 0'),
    weightDecayOn: z
      .enum(['all', 'matrices'])
      .default('all')
      .describe(
        "all: every trained tensor (PyTorch, the authors' code); matrices: not vectors and scalars (norms, lambda, sigma)",
      ),
    loraPlusRatio: z
      .number()
      .positive()
      .finite()
      .default(1)
      .describe("learning rate of LoRA's B relative to A's (LoRA+, Hayou et al. 2024); 1 = plain LoRA"),
    clipNorm: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe('gradients are scaled down to this global norm; null = no clipping'),
  };
}
