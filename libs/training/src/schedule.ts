import type { ScheduleOptions } from './options.js';

/**
 * Learning rate relative to its highest value at optimizer step `step` (1-based) of `steps`. Warm-up rises linearly and
 * reaches 1 at step `warmupSteps`; after it the rate is constant or falls to `finalRatio` at the last step.
 */
export function scheduleFactor({ id, warmupSteps, finalRatio }: ScheduleOptions, step: number, steps: number): number {
  if (step < warmupSteps) return step / warmupSteps;
  if (id === 'constant' || steps <= warmupSteps) return 1;
  const progress = Math.min(1, (step - warmupSteps) / (steps - warmupSteps));
  const fall = id === 'linear' ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return finalRatio + (1 - finalRatio) * fall;
}
