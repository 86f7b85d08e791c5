import gammaln from '@stdlib/math-base-special-gammaln';
import { mean, sampleStd, sumOfSquares } from './describe.js';

/** Cohen's d_z: mean of the paired differences over their standard deviation. */
export function cohensDz(differences: readonly number[]): number | undefined {
  const std = sampleStd(differences);
  return std > 0 ? mean(differences) / std : undefined;
}

/**
 * Hedges' g: difference of the means over the pooled standard deviation, with the exact correction for small samples
 * `Γ(df/2) / (sqrt(df/2) Γ((df-1)/2))`. Source: Hedges, Journal of Educational Statistics 6(2), 1981.
 */
export function hedgesG(first: readonly number[], second: readonly number[]): number | undefined {
  const df = first.length + second.length - 2;
  if (first.length < 1 || second.length < 1 || df < 2) return undefined;
  const pooled = Math.sqrt((sumOfSquares(first) + sumOfSquares(second)) / df);
  if (!(pooled > 0)) return undefined;
  const correction = Math.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / Math.sqrt(df / 2);
  return (correction * (mean(first) - mean(second))) / pooled;
}

/** Chance that a run of the first beats a run of the second, ties half (Vargha and Delaney's A). */
export function probabilityOfSuperiority(first: readonly number[], second: readonly number[]): number | undefined {
  if (first.length === 0 || second.length === 0) return undefined;
  let wins = 0;
  for (const a of first) for (const b of second) wins += a > b ? 1 : a === b ? 0.5 : 0;
  return wins / (first.length * second.length);
}
