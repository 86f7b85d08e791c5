import chiSquareQuantile from '@stdlib/stats-base-dists-chisquare-quantile';
import { sumOfSquares } from './describe.js';
import { assertLevel, type Interval } from './interval.js';

/**
 * Interval for the standard deviation of normal values, `sqrt(SS / chi2_{n-1})`: the paper's "stability" with its
 * uncertainty. Wide for few seeds: at n = 5 it reaches from 0.60 to 2.87 times the observed value.
 */
export function stdInterval(values: readonly number[], level = 0.95): Interval | undefined {
  assertLevel(level);
  const df = values.length - 1;
  if (df < 1) return undefined;
  const squares = sumOfSquares(values);
  return {
    low: Math.sqrt(squares / chiSquareQuantile((1 + level) / 2, df)),
    high: Math.sqrt(squares / chiSquareQuantile((1 - level) / 2, df)),
    level,
  };
}
