import { z } from 'zod';
import { FORMAT_VERSION } from './format.js';

/** `baseline.json`: the untouched base model on a task, and what guessing gives. */
export const baselineSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  key: z.string().describe('sha256 of base, task and evaluation: what the numbers depend on'),
  task: z.string(),
  base: z.string(),
  metrics: z.record(z.string(), z.number()).describe('of the base without adapter, same names as in result.json'),
  chance: z.number().optional().describe('accuracy of guessing uniformly among the options; absent for texts'),
  majority: z.number().optional().describe('accuracy of always giving the most frequent answer'),
});

export type Baseline = z.output<typeof baselineSchema>;
