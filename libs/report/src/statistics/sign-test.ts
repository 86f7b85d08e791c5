import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf';

export interface ExactTest {
  /** Pairs that count: those with no difference are left out. */
  readonly n: number;
  readonly statistic: number;
  /** Two-sided. */
  readonly p: number;
  /** The smallest p that this test can give with n pairs, whatever the values: `2^(1-n)`. */
  readonly smallestP: number;
}

/** Exact two-sided binomial test of k successes in n at probability one half. */
export function binomialHalfP(k: number, n: number): number {
  return n === 0 ? 1 : Math.min(1, 2 * binomialCdf(Math.min(k, n - k), n, 0.5));
}

/** The smallest two-sided p of a sign or signed-rank test on n pairs; 1 for none. */
export function smallestSignP(n: number): number {
  return Math.min(1, 2 ** (1 - n));
}

/** Exact sign test: `statistic` counts the positive differences. */
export function signTest(differences: readonly number[]): ExactTest {
  const positive = differences.filter((d) => d > 0).length;
  const n = positive + differences.filter((d) => d < 0).length;
  return { n, statistic: positive, p: binomialHalfP(positive, n), smallestP: smallestSignP(n) };
}
