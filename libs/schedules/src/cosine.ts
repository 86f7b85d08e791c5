import { defineComponent } from '@gmoe/core';
import { z } from 'zod';
import { scheduleKind } from './schedule.js';
import { finalRatioOption, warmupOption, withWarmup } from './warm-up.js';

/**
 * `r + (1 - r) (1 + cos(pi done / of)) / 2`, r = finalRatio (Loshchilov & Hutter 2017, one period):
 * `get_cosine_schedule_with_warmup` of transformers, with a final ratio `get_cosine_with_min_lr_schedule_with_warmup`.
 */
export const cosineSchedule = defineComponent(scheduleKind, {
  id: 'cosine',
  description: 'falls along half a cosine after the warm-up',
  options: z.strictObject({ ...warmupOption, ...finalRatioOption }),
  create: ({ finalRatio, warmupSteps }) =>
    withWarmup(
      { warmupSteps },
      ({ done, of }) => finalRatio + ((1 - finalRatio) * (1 + Math.cos((Math.PI * done) / of))) / 2,
    ),
});
