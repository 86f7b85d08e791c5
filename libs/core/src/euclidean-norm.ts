/** The Euclidean norm of any number of values, as `Math.hypot` gives it for a few. */
export function euclideanNorm(values: Iterable<number>): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}
