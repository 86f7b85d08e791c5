import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf';
import { binomialHalfP } from './sign-test.js';

export interface McNemarTest {
  /** Examples that only the first answers rightly. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Exact conditional, two-sided. Never liberal, often too careful. */
  readonly exactP: number;
  /** Exact p less half the probability of what was seen, two-sided: nearer to its nominal level. */
  readonly midP: number;
}

/**
 * McNemar's test on paired right/wrong answers to the same examples, which must be independent of each other: one seed
 * of each arm, not a pool of seeds.
 * Source: Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91, 2013.
 */
export function mcNemarTest(onlyFirst: number, onlySecond: number): McNemarTest {
  const n = onlyFirst + onlySecond;
  const fewer = Math.min(onlyFirst, onlySecond);
  const exactP = binomialHalfP(fewer, n);
  if (n === 0) return { onlyFirst, onlySecond, exactP, midP: 1 };
  const point = binomialCdf(fewer, n, 0.5) - (fewer > 0 ? binomialCdf(fewer - 1, n, 0.5) : 0);
  const midP = onlyFirst === onlySecond ? 1 - point / 2 : exactP - point;
  return { onlyFirst, onlySecond, exactP, midP };
}
