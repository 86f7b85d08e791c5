import { z } from 'zod';

const rate = (text: string) => z.number().positive().finite().describe(text);

/** Options of the optimizer. */
export const optimizerSchema = z.strictObject({
  id: z
    .literal('adamw')
    .default('adamw')
    .describe('AdamW with decoupled weight decay (Loshchilov & Hutter 2019), as in PyTorch'),
  learningRate: rate('highest learning rate; the schedule scales it').default(2e-4),
  weightDecay: z.number().min(0).default(0.01).describe('decay per step is learning rate x this'),
  weightDecayOn: z
    .enum(['all', 'matrices'])
    .default('all')
    .describe(
      "all: every trained tensor (PyTorch, the authors' code); matrices: not vectors and scalars (norms, lambda, sigma)",
    ),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.999])
    .describe('decay of the running means of the gradient and of its square'),
  epsilon: rate('added to the root of the second moment').default(1e-8),
  loraPlusRatio: rate("learning rate of LoRA's B relative to A's (LoRA+, Hayou et al. 2024); 1 = plain LoRA").default(
    1,
  ),
  clipNorm: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('gradients are scaled down to this global norm; null = no clipping'),
});
export type OptimizerOptions = z.output<typeof optimizerSchema>;

/** Options of the learning-rate schedule. */
export const scheduleSchema = z.strictObject({
  id: z
    .enum(['constant', 'linear', 'cosine'])
    .default('constant')
    .describe('shape after warm-up: constant, or falling to the final ratio at the last step'),
  warmupSteps: z.int().min(0).default(0).describe('steps over which the rate rises linearly from 0'),
  finalRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('rate at the last step relative to the highest (linear and cosine)'),
});
export type ScheduleOptions = z.output<typeof scheduleSchema>;

/** Which value of the evaluations decides about the best checkpoint and early stopping. */
export const bestSchema = z.strictObject({
  metric: z.string().default('eval/accuracy').describe('name of an evaluation metric'),
  mode: z.enum(['max', 'min']).default('max').describe('whether larger or smaller is better'),
});

/** Options of the training loop. */
export const trainingSchema = z
  .strictObject({
    steps: z.int().min(1).optional().describe('optimizer steps; give steps or epochs'),
    epochs: z.number().positive().optional().describe('passes over the training examples; give steps or epochs'),
    batchSize: z.int().min(1).default(16).describe('B, rows of a batch (examples, or packed rows)'),
    sequenceLength: z.int().min(2).default(256).describe('S, tokens of a row'),
    lossOn: z
      .enum(['answer', 'prompt_and_answer'])
      .default('answer')
      .describe('tokens that the language-model loss counts'),
    endOfText: z
      .boolean()
      .optional()
      .describe('whether the token that ends a text is learned behind every answer; default: for text tasks'),
    accumulate: z.int().min(1).default(1).describe('batches whose gradients make one optimizer step'),
    evalEvery: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('steps between evaluations on the dev split; null = only at the end'),
    best: bestSchema.prefault({}).describe('what decides about the best checkpoint'),
    patience: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('evaluations without a new best after which training stops; null = never'),
    checkpointEvery: z.int().min(1).nullable().default(null).describe('steps between checkpoints; null = none'),
    routingEvery: z.int().min(1).default(10).describe('steps between records of expert load'),
  })
  .refine(({ steps, epochs }) => !(steps !== undefined && epochs !== undefined), {
    path: ['steps'],
    message: 'give steps or epochs, not both',
  })
  .transform((options) =>
    options.steps === undefined && options.epochs === undefined ? { ...options, steps: 200 } : options,
  );
export type TrainingOptions = z.output<typeof trainingSchema>;
