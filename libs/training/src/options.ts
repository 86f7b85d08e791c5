import { withApplicability } from '@gmoe/core';
import { z } from 'zod';

/** Default of `routingEvery`. */
export const ROUTING_EVERY = 10;

/** Which value of the evaluations decides about the best checkpoint and early stopping. */
export const bestSchema = z.strictObject({
  metric: z.string().default('eval/accuracy').describe('name of an evaluation metric'),
  mode: z.enum(['max', 'min']).default('max').describe('whether larger or smaller is better'),
});

const loopSchema = z
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
      .describe('steps between evaluations on the dev split; null = none, the last tensors count'),
    best: bestSchema.prefault({}).describe('what decides about the best checkpoint'),
    patience: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('evaluations without a new best after which training stops; null = never'),
    checkpointEvery: z.int().min(1).nullable().default(null).describe('steps between checkpoints; null = none'),
    routingEvery: z
      .int()
      .min(1)
      .default(ROUTING_EVERY)
      .describe('steps between records of expert load; without a mixture nothing is recorded, and it is left out'),
  })
  .refine(({ steps, epochs }) => !(steps !== undefined && epochs !== undefined), {
    path: ['steps'],
    message: 'give steps or epochs, not both',
  });

/** Options of the training loop. Without evaluations on the way nothing decides about a best one or an early end. */
export const trainingSchema = withApplicability(loopSchema, {
  best: { evalEvery: 'set' },
  patience: { evalEvery: 'set' },
}).transform((options) =>
  options.steps === undefined && options.epochs === undefined ? { ...options, steps: 200 } : options,
);
export type TrainingOptions = z.output<typeof trainingSchema>;
