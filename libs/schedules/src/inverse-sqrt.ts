import { defineComponent } from '@gmoe/core';
import { z } from 'zod';
import { scheduleKind } from './schedule.js';
import { warmupOption, withWarmup } from './warm-up.js';

/**
 * `sqrt(s / (s + done))`, s = timescale: `get_inverse_sqrt_schedule` of transformers (Vaswani et al. 2017; Zhai et al.
 * 2022). It does not depend on the length of the run.
 */
export const inverseSqrtSchedule = defineComponent(scheduleKind, {
  id: 'inverse-sqrt',
  description: 'falls with the inverse square root of the steps after the warm-up',
  options: z.strictObject({
    ...warmupOption,
    timescale: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('s, steps after which the value has fallen to 71 %; null = the warm-up steps, without warm-up 10000'),
  }),
  create({ warmupSteps, timescale }) {
    const scale = timescale ?? (warmupSteps || 10_000);
    return withWarmup({ warmupSteps }, ({ done }) => Math.sqrt(scale / (scale + done)));
  },
});
