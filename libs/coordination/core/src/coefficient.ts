import { componentField, type Build, type ComponentChoice } from '@gmoe/core';
import { scheduleKind } from '@gmoe/schedules';
import { z } from 'zod';
import type { CoordinationStrategy } from './strategy.js';

/** The options that every strategy has. @param source who uses the default, in parentheses */
export function coefficientOptions(value: number, source = '') {
  return {
    coefficient: z
      .number()
      .min(0)
      .default(value)
      .describe(['weight of this loss in the total', source].filter(Boolean).join(' ')),
    schedule: componentField(scheduleKind)
      .optional()
      .describe('how the coefficient changes over the run, relative to its value; absent: it stays'),
  };
}

export interface CoefficientOptions {
  readonly coefficient: number;
  readonly schedule?: ComponentChoice | undefined;
}

/** A strategy's coefficient as its options choose it. */
export function coefficientOf(
  { coefficient, schedule }: CoefficientOptions,
  build: Build,
): Pick<CoordinationStrategy, 'coefficient' | 'schedule'> {
  return { coefficient, ...(schedule ? { schedule: build(scheduleKind, schedule) } : {}) };
}

/** The coefficient of each strategy at a step (1-based), by id. */
export function coefficientsAt(
  strategies: readonly CoordinationStrategy[],
  step: number,
  steps: number,
): Record<string, number> {
  return Object.fromEntries(
    strategies.map(({ id, coefficient, schedule }) => [id, coefficient * (schedule?.factor(step, steps) ?? 1)]),
  );
}
