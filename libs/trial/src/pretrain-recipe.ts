import { componentField } from '@gmoe/core';
import { bpeOptionsSchema } from '@gmoe/model';
import { optimizerKind } from '@gmoe/optimizers';
import { scheduleKind } from '@gmoe/schedules';
import { z } from 'zod';

const count = (text: string) => z.int().min(1).describe(text);

/** A recipe for pretraining a base model, as `gmoe pretrain` reads it. */
export const pretrainRecipeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]*$/, 'must be lower-case letters, digits, dots, hyphens')
    .describe('name of the model'),
  output: z.string().describe('folder of the finished model, relative to the recipe'),
  corpus: z
    .literal('bundled')
    .default('bundled')
    .describe('text to learn from: half of the chapters of seven OpenStax books, and openings of Wikipedia articles'),
  tokenizer: bpeOptionsSchema.pick({ vocabSize: true }).prefault({}).describe('byte-level BPE, trained on the corpus'),
  model: z
    .strictObject({
      layers: count('L, decoder layers').default(4),
      hiddenSize: count('D, width of the residual stream').default(192),
      ffnSize: count('F, width inside the FFN').default(512),
      heads: count('H, query heads').default(6),
      kvHeads: count('key and value heads; divides heads').default(3),
      maxPositions: count('longest sequence, tokens').default(512),
      ropeBase: z.number().positive().default(10_000).describe('base of the rotary frequencies'),
      normEpsilon: z.number().positive().default(1e-5).describe('epsilon inside every RMSNorm'),
    })
    .prefault({})
    .refine(({ heads, hiddenSize }) => hiddenSize % heads === 0, {
      path: ['heads'],
      message: 'must divide hiddenSize',
    })
    .refine(({ heads, kvHeads }) => heads % kvHeads === 0, { path: ['kvHeads'], message: 'must divide heads' }),
  training: z
    .strictObject({
      steps: count('optimizer steps'),
      batchSize: count('B, rows of a batch').default(8),
      sequenceLength: count('S, tokens of a row').default(256),
      evalEvery: count('steps between held-out evaluations').default(250),
      checkpointEvery: count('steps between checkpoints').default(250),
    })
    .describe('the loop'),
  optimizer: componentField(optimizerKind, 'adamw')
    .prefault({ id: 'adamw' })
    .describe('how gradients change the weights'),
  schedule: componentField(scheduleKind, 'constant')
    .prefault({ id: 'constant' })
    .describe('how the learning rate changes over the run'),
  seed: z.int().min(0).default(0).describe('seed of initial weights and data order'),
});

export type PretrainRecipe = z.output<typeof pretrainRecipeSchema>;
