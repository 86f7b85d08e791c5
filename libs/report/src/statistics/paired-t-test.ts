import tCdf from '@stdlib/stats-base-dists-t-cdf';
import { mean, sampleStd } from './describe.js';
import type { Interval } from './interval.js';
import { tInterval } from './t-interval.js';

export interface PairedTTest {
  readonly n: number;
  /** Mean of the differences. */
  readonly difference: number;
  readonly std: number;
  readonly interval: Interval;
  readonly t: number;
  readonly degreesOfFreedom: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Student's paired test on differences between two arms, one per seed.
 * All differences equal and not 0 gives p = 0 formally; `n` and `std` tell the reader.
 * @returns undefined below two differences.
 */
export function pairedTTest(differences: readonly number[], level = 0.95): PairedTTest | undefined {
  const n = differences.length;
  const interval = tInterval(differences, level);
  if (!interval) return undefined;
  const difference = mean(differences);
  const std = sampleStd(differences);
  const t = difference === 0 ? 0 : difference / (std / Math.sqrt(n));
  const p = t === 0 ? 1 : 2 * tCdf(-Math.abs(t), n - 1);
  return { n, difference, std, interval, t, degreesOfFreedom: n - 1, p };
}
