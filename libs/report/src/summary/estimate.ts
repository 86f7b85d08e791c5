import type { RandomKey } from '@gmoe/tensor';
import { bootstrapInterval, mean, sampleStd, stdInterval, tInterval } from '../statistics/index.js';
import type { Estimate } from './summary.js';

/** Below this, resampling so few values says less than the t interval. */
const BOOTSTRAP_FROM = 5;

/** Mean, spread and intervals of one metric over seeds; undefined of nothing. */
export function estimate(
  values: readonly { readonly seed: number; readonly value: number }[],
  level: number,
  key: RandomKey,
): Estimate | undefined {
  if (values.length === 0) return undefined;
  const numbers = values.map(({ value }) => value);
  const spread = numbers.some((value) => value !== numbers[0]);
  const bootstrap = spread && numbers.length >= BOOTSTRAP_FROM ? bootstrapInterval(numbers, { key, level }) : undefined;
  return {
    n: numbers.length,
    mean: mean(numbers),
    std: numbers.length < 2 ? null : sampleStd(numbers),
    // Equal values happen by chance on a small test set; an interval of no width would call that certainty.
    interval: spread ? (tInterval(numbers, level) ?? null) : null,
    stdInterval: spread ? (stdInterval(numbers, level) ?? null) : null,
    bootstrap: bootstrap ?? null,
    values: [...values].sort((a, b) => a.seed - b.seed),
  };
}
