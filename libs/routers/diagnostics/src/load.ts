import type { Matrix } from './routing-statistics.js';

/**
 * Each layer's counts as shares of its assignments, `s_e = n_e / sum n`; all zero where nothing was counted. A token that
 * uses K experts makes K assignments. [L][E] -> [L][E].
 */
export function loadShares(counts: Matrix): number[][] {
  return counts.map((layer) => {
    const total = layer.reduce((sum, count) => sum + count, 0);
    return layer.map((count) => (total > 0 ? count / total : 0));
  });
}

/** `exp(H) / E`, `H = -sum s log s`: 1 for an even load, 1/E when one expert has every assignment. */
export function normalizedEntropy(shares: readonly number[]): number {
  const entropy = shares.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);
  return Math.exp(entropy) / shares.length;
}

/**
 * Coefficient of variation of the load, `std(s) / mean(s)` with the population's standard deviation: 0 for an even load,
 * `sqrt(E - 1)` when one expert has every assignment (Shazeer et al. 2017, arXiv 1701.06538, eq. 7 is its square); 0 where
 * nothing was counted.
 */
export function coefficientOfVariation(shares: readonly number[]): number {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  if (!(mean > 0)) return 0;
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
  return Math.sqrt(variance) / mean;
}

/** An expert is dead below this part of an even share. */
export const DEAD_BELOW = 0.01;

/** Indices of the experts whose share is below `threshold / E`: by default a hundredth of an even share. */
export function deadExperts(shares: readonly number[], threshold = DEAD_BELOW): number[] {
  return shares.flatMap((share, e) => (share < threshold / shares.length ? [e] : []));
}
