import { z } from 'zod';

/** One line of `events.jsonl`: what happened at one step of one attempt. */
export const trialEventSchema = z.strictObject({
  time: z.number().describe('milliseconds since 1970, clock of the machine that ran the attempt'),
  type: z.enum(['step', 'eval', 'routing', 'note']).describe('what the line tells'),
  step: z.int().min(0).describe('optimizer steps done'),
  metrics: z.record(z.string(), z.number()).optional().describe('values by metric name, e.g. train/loss'),
  load: z.array(z.array(z.number())).optional().describe('share of tokens per expert, [L][E]'),
  text: z.string().optional().describe('a remark'),
});

export type TrialEvent = z.output<typeof trialEventSchema>;
