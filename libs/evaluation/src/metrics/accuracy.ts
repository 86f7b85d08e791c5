/** An interval for a probability. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 % normal quantile. */
const Z95 = 1.959963984540054;

/**
 * Wilson score interval of a binomial proportion (Wilson 1927), 95 %.
 * `(p + z^2/2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2/n)`.
 */
export function wilsonInterval(successes: number, trials: number, z: number = Z95): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const p = successes / trials;
  const z2 = (z * z) / trials;
  const middle = p + z2 / 2;
  const half = z * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials));
  // Rounding must not push the ends beyond what is possible.
  return { low: Math.max(0, (middle - half) / (1 + z2)), high: Math.min(1, (middle + half) / (1 + z2)) };
}
