import { z } from 'zod';

/** Ways to score an answer. */
export const SCORINGS = ['label-token', 'log-likelihood', 'generation'] as const;

/** Options of an evaluation over options of examples. */
export const evaluationSchema = z.strictObject({
  scoring: z
    .enum(SCORINGS)
    .default('label-token')
    .describe(
      "label-token: the option whose answer's first token is likeliest after the prompt (the authors' scoring); log-likelihood: the option whose whole answer is likeliest; generation: the option that the model writes out, greedily (exact match after SQuAD's normalisation)",
    ),
  normalize: z
    .enum(['none', 'characters'])
    .default('none')
    .describe(
      "log-likelihood only, what decides: none = the sum (the harness's acc), characters = the sum over the answer's length (acc_norm)",
    ),
  batchSize: z.int().min(1).default(16).describe('B, packed rows of a batch'),
  sequenceLength: z
    .int()
    .min(2)
    .default(256)
    .describe('S, tokens of a row; a longer prompt loses its beginning, and is counted'),
  limit: z.int().min(1).nullable().default(null).describe('examples to score, a sample drawn by their ids; null = all'),
  calibrationBins: z.int().min(2).default(15).describe('bins of the expected calibration error'),
});
export type EvaluationOptions = z.output<typeof evaluationSchema>;
