/** Arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sum of squared deviations from the mean, in two passes. */
export function sumOfSquares(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

/** Sample standard deviation, denominator n - 1; NaN below two values. */
export function sampleStd(values: readonly number[]): number {
  return values.length < 2 ? NaN : Math.sqrt(sumOfSquares(values) / (values.length - 1));
}

/** Quantile of sorted values by linear interpolation between order statistics (Hyndman and Fan's type 7). */
export function quantileSorted(sorted: readonly number[], p: number): number {
  const position = Math.min(Math.max(p, 0), 1) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? NaN;
  return low + (position - below) * (high - low);
}

/** Middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  return quantileSorted(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
