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
