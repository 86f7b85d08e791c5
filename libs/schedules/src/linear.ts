import { defineComponent } from '@gmoe/core';
import { z } from 'zod';
import { scheduleKind } from './schedule.js';
import { finalRatioOption, warmupOption, withWarmup } from './warm-up.js';

/**
 * `r + (1 - r) (1 - done / of)`, r = finalRatio: `get_linear_schedule_with_warmup` of transformers; with a final ratio
 * its `get_polynomial_decay_schedule_with_warmup` of power 1.
 */
export const linearSchedule = defineComponent(scheduleKind, {
  id: 'linear',
  description: 'falls linearly after the warm-up',
  options: z.strictObject({ ...warmupOption, ...finalRatioOption }),
  create: ({ finalRatio, warmupSteps }) =>
    withWarmup({ warmupSteps }, ({ done, of }) => finalRatio + (1 - finalRatio) * (1 - done / of)),
});
