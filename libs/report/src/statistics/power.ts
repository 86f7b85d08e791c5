import gammaln from '@stdlib/math-base-special-gammaln';
import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import tQuantile from '@stdlib/stats-base-dists-t-quantile';
import { integrate } from './quadrature.js';

export interface PowerOptions {
  /** Chance to see the difference if it is there. */
  readonly power?: number;
  /** Level of the two-sided test. */
  readonly alpha?: number;
}

const MOST_SEEDS = 10_000;

/** Every comparison of a sweep asks for the same few. */
const DETECTABLE = new Map<string, number>();

/**
 * Distribution function of the noncentral t: `F(t; df, delta) = E[Phi(t U - delta)]`, U = chi_df / sqrt(df), by
 * quadrature over U.
 */
export function noncentralTCdf(t: number, df: number, delta: number): number {
  const logScale = Math.log(2) + (df / 2) * Math.log(df / 2) - gammaln(df / 2);
  const reach = 13 / Math.sqrt(2 * df);
  const density = (u: number) => Math.exp(logScale + (df - 1) * Math.log(u) - (df * u * u) / 2);
  return integrate((u) => normalCdf(t * u - delta, 0, 1) * density(u), Math.max(0, 1 - reach), 1 + reach, 40);
}

/** Power of the two-sided paired t test on n seeds for a true standardised difference d_z. */
export function pairedTPower(dz: number, n: number, alpha = 0.05): number {
  const critical = tQuantile(1 - alpha / 2, n - 1);
  const delta = Math.abs(dz) * Math.sqrt(n);
  return 1 - noncentralTCdf(critical, n - 1, delta) + noncentralTCdf(-critical, n - 1, delta);
}

/**
 * Seeds that a paired t test needs to see a standardised difference d_z with the asked power.
 * @returns undefined if it is 0 or needs more than 10 000.
 */
export function seedsNeeded(dz: number, { power = 0.8, alpha = 0.05 }: PowerOptions = {}): number | undefined {
  const enough = (n: number) => pairedTPower(dz, n, alpha) >= power;
  let high = 2;
  while (!enough(high)) {
    if (high >= MOST_SEEDS) return undefined;
    high = Math.min(2 * high, MOST_SEEDS);
  }
  let low = Math.max(2, Math.floor(high / 2));
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

/** The smallest standardised difference d_z that a paired t test on n seeds sees with the asked power. */
export function detectableDz(n: number, { power = 0.8, alpha = 0.05 }: PowerOptions = {}): number | undefined {
  if (n < 2) return undefined;
  const name = `${n} ${power} ${alpha}`;
  const known = DETECTABLE.get(name);
  if (known !== undefined) return known;
  let low = 0;
  let high = 1;
  while (pairedTPower(high, n, alpha) < power) high *= 2;
  for (let iteration = 0; iteration < 60 && high - low > 1e-10 * high; iteration++) {
    const middle = (low + high) / 2;
    if (pairedTPower(middle, n, alpha) < power) low = middle;
    else high = middle;
  }
  DETECTABLE.set(name, high);
  return high;
}
