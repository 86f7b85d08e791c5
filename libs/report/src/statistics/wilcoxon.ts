import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import { averageRanks } from './ranks.js';
import { smallestSignP, type ExactTest } from './sign-test.js';

/** Up to here every assignment of signs is counted; above, the normal approximation. */
const EXACT_UP_TO = 50;

export interface WilcoxonTest extends ExactTest {
  readonly method: 'exact' | 'normal';
}

/**
 * Wilcoxon's signed-rank test, two-sided; differences of 0 are left out. `statistic` is the sum of the ranks of the
 * positive differences. Exact also with ties (over all 2^n assignments of signs) up to n = 50.
 */
export function wilcoxonSignedRank(differences: readonly number[]): WilcoxonTest {
  const nonzero = differences.filter((d) => d !== 0);
  const n = nonzero.length;
  const ranks = averageRanks(nonzero.map(Math.abs));
  const statistic = ranks.reduce((sum, rank, i) => sum + (nonzero[i]! > 0 ? rank : 0), 0);
  const smallestP = smallestSignP(n);
  if (n === 0) return { n, statistic, p: 1, smallestP, method: 'exact' };
  if (n <= EXACT_UP_TO) return { n, statistic, p: exactP(ranks, statistic), smallestP, method: 'exact' };
  const variance = ranks.reduce((sum, rank) => sum + rank * rank, 0) / 4;
  const z = (statistic - (n * (n + 1)) / 4) / Math.sqrt(variance);
  return { n, statistic, p: Math.min(1, 2 * normalCdf(-Math.abs(z), 0, 1)), smallestP, method: 'normal' };
}

function exactP(ranks: readonly number[], statistic: number): number {
  const doubled = ranks.map((rank) => Math.round(2 * rank)); // ties give half ranks
  const total = doubled.reduce((a, b) => a + b, 0);
  let probability = new Float64Array(total + 1);
  probability[0] = 1;
  for (const rank of doubled) {
    const next = new Float64Array(total + 1);
    for (let sum = 0; sum <= total; sum++) {
      next[sum] = 0.5 * probability[sum]! + (sum >= rank ? 0.5 * probability[sum - rank]! : 0);
    }
    probability = next;
  }
  const observed = Math.round(2 * statistic);
  let lower = 0;
  let upper = 0;
  probability.forEach((p, sum) => {
    if (sum <= observed) lower += p;
    if (sum >= observed) upper += p;
  });
  return Math.min(1, 2 * Math.min(lower, upper));
}
