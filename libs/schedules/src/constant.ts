import { defineComponent } from '@gmoe/core';
import { z } from 'zod';
import { scheduleKind } from './schedule.js';
import { warmupOption, withWarmup } from './warm-up.js';

/** 1 after the warm-up: `get_constant_schedule_with_warmup` of transformers. */
export const constantSchedule = defineComponent(scheduleKind, {
  id: 'constant',
  description: 'constant after the warm-up',
  options: z.strictObject({ ...warmupOption }),
  create: (options) => withWarmup(options, () => 1),
});
