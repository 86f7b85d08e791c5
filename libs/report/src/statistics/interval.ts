/** A confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Share of repetitions of the experiment in which such an interval holds the true value, e.g. 0.95. */
  readonly level: number;
}

/** @throws RangeError unless 0 < level < 1. */
export function assertLevel(level: number): void {
  if (!(level > 0 && level < 1)) throw new RangeError(`level: ${level} is not between 0 and 1`);
}
