import { componentField, withApplicability } from '@gmoe/core';
import { z } from 'zod';
import { scoringKind } from './scoring/scoring.js';

const BY_PROBABILITIES = ['label-token', 'log-likelihood'];

const shortened = z.strictObject({
  scoring: z
    .union([z.string(), componentField(scoringKind)])
    .default('label-token')
    .describe('how answers are scored: an id, or {id, ...} with its options'),
  normalize: z
    .enum(['none', 'characters'])
    .default('none')
    .describe('short for scoring: {id: log-likelihood, normalize: ...}; beside scoring: log-likelihood only'),
  batchSize: z
    .int()
    .min(1)
    .default(16)
    .describe(
      'B: a batch holds at most as many tokens as B rows of sequenceLength; its rows are as many and as long as leaves few places empty',
    ),
  sequenceLength: z
    .int()
    .min(2)
    .default(256)
    .describe('S, tokens of a row; a longer prompt loses its beginning, and is counted'),
  limit: z.int().min(1).nullable().default(null).describe('examples to score, a sample drawn by their ids; null = all'),
  calibrationBins: z
    .int()
    .min(2)
    .default(15)
    .describe('short for scoring: {id: ..., calibrationBins: ...}: bins of the expected calibration error'),
});

/** Options of an evaluation. */
export const evaluationSchema = withApplicability(shortened, {
  normalize: { scoring: ['log-likelihood'] },
  calibrationBins: { scoring: BY_PROBABILITIES },
});
export type EvaluationOptions = z.output<typeof evaluationSchema>;

/** What every scoring is given. */
export type EvaluationSettings = Pick<EvaluationOptions, 'batchSize' | 'sequenceLength' | 'limit'>;

/** The scoring that an evaluation's options choose, with its options beside the id. */
export function chosenScoring(options: Partial<EvaluationOptions>): { id: string; [option: string]: unknown } {
  const { scoring = 'label-token', normalize, calibrationBins } = options;
  if (typeof scoring !== 'string') return scoring;
  return {
    id: scoring,
    ...(scoring === 'log-likelihood' && normalize !== undefined ? { normalize } : {}),
    ...(BY_PROBABILITIES.includes(scoring) && calibrationBins !== undefined ? { calibrationBins } : {}),
  };
}
