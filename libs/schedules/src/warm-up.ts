import { z } from 'zod';
import type { Schedule, ScheduleMisfit } from './schedule.js';

/** The option that every schedule has. */
export const warmupOption = {
  warmupSteps: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'W, steps before the full value: step t of them has t - 1 of W parts, so the first one 0, as in transformers',
    ),
};

/** Where falling schedules end. */
export const finalRatioOption = {
  finalRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('value that would follow the last step, relative to the highest; the last step is just above it'),
};

/** A step before or after warm-up, as Hugging Face's lambdas count: 0 is the first step of the run. */
export interface RunPosition {
  /** Steps done since the warm-up ended; 0 at the first step with the full value. */
  readonly done: number;
  /** Steps of the run after the warm-up; at least 1. */
  readonly of: number;
}

export interface WarmupOptions {
  readonly warmupSteps: number;
  /** Value at the start of the warm-up. Default 0. */
  readonly from?: number;
  readonly misfit?: (steps: number) => ScheduleMisfit | undefined;
}

/** A schedule that rises linearly over `warmupSteps` and is then what `after` says. */
export function withWarmup(
  { warmupSteps, from = 0, misfit }: WarmupOptions,
  after: (position: RunPosition) => number,
): Schedule {
  return {
    factor(step, steps) {
      const index = step - 1;
      if (index < warmupSteps) return from + (1 - from) * (index / warmupSteps);
      return after({ done: index - warmupSteps, of: Math.max(1, steps - warmupSteps) });
    },
    misfit: (steps) =>
      warmupSteps >= steps
        ? {
            option: 'warmupSteps',
            message: `must be fewer than the ${steps} step${steps === 1 ? '' : 's'} of the run`,
          }
        : misfit?.(steps),
  };
}
