import { z } from 'zod';

/** `stopping` of a sweep: arms that fall behind are not run to their end. */
export const stoppingSchema = z.strictObject({
  id: z.literal('asha').describe('asynchronous successive halving over whole arms'),
  metric: z.string().default('eval/accuracy').describe('compared metric; an arm scores the mean over its seeds'),
  mode: z.enum(['max', 'min']).default('max').describe('whether more or less is better'),
  eta: z.number().min(1.5).default(3).describe('one in eta arms goes on from each rung'),
  rungs: z
    .array(z.int().min(1))
    .min(1)
    .refine((rungs) => rungs.every((rung, index) => index === 0 || rung > rungs[index - 1]!), 'must rise')
    .describe('optimizer steps at which arms are compared, rising'),
});

export type StoppingOptions = z.output<typeof stoppingSchema>;
