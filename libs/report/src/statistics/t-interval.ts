import tQuantile from '@stdlib/stats-base-dists-t-quantile';
import { mean, sampleStd } from './describe.js';
import { assertLevel, type Interval } from './interval.js';

/**
 * Student's interval for the mean of normal values: `mean ± t_{n-1} s / sqrt(n)`.
 * @returns undefined below two values: one value says nothing about its spread.
 */
export function tInterval(values: readonly number[], level = 0.95): Interval | undefined {
  assertLevel(level);
  const n = values.length;
  if (n < 2) return undefined;
  const half = (tQuantile((1 + level) / 2, n - 1) * sampleStd(values)) / Math.sqrt(n);
  const centre = mean(values);
  return { low: centre - half, high: centre + half, level };
}
