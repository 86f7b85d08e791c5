import { defineComponent } from '@gmoe/core';
import { z } from 'zod';
import { scheduleKind } from './schedule.js';
import { finalRatioOption, warmupOption, withWarmup } from './warm-up.js';

const SHAPES = ['linear', 'cosine', '1-sqrt'] as const;

/** What is left of the value after a share of the decay. */
const remaining: Record<(typeof SHAPES)[number], (progress: number) => number> = {
  linear: (progress) => 1 - progress,
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
  '1-sqrt': (progress) => 1 - Math.sqrt(progress),
};

const options = z.strictObject({
  ...warmupOption,
  decaySteps: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('last steps of the run, over which the value falls; null = a tenth of the run, at least one'),
  decay: z.enum(SHAPES).default('cosine').describe('shape of the fall'),
  ...finalRatioOption,
});

/**
 * Warm-up, stable, decay (MiniCPM, Hu et al. 2024, arXiv 2404.06395, section 4): `get_wsd_schedule` of transformers,
 * whose warm-up starts at the final ratio.
 */
export const wsdSchedule = defineComponent(scheduleKind, {
  id: 'wsd',
  description: 'warm-up, stable, decay: constant, then a fall over the last steps',
  options,
  create({ warmupSteps, decaySteps, decay, finalRatio }) {
    const decayOf = (steps: number): number => decaySteps ?? Math.max(1, Math.round(steps / 10));
    return withWarmup(
      {
        warmupSteps,
        from: finalRatio,
        misfit: (steps) =>
          warmupSteps + decayOf(steps) > steps
            ? {
                option: 'decaySteps',
                message: `must be at most ${steps - warmupSteps}, what the warm-up leaves of the run's ${steps} steps`,
              }
            : undefined,
      },
      ({ done, of }) => {
        const falling = decayOf(of + warmupSteps);
        const progress = Math.max(0, (done - (of - falling)) / falling);
        return finalRatio + (1 - finalRatio) * remaining[decay](progress);
      },
    );
  },
});
