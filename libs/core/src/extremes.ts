/** The largest of any number of values; `floor` where there is none. Spread into `Math.max`, 120,000 values overflow the stack. */
export function largest(values: Iterable<number>, floor = -Infinity): number {
  let most = floor;
  for (const value of values) if (value > most || Number.isNaN(value)) most = value;
  return most;
}

/** The smallest of any number of values; `ceiling` where there is none. */
export function smallest(values: Iterable<number>, ceiling = Infinity): number {
  let least = ceiling;
  for (const value of values) if (value < least || Number.isNaN(value)) least = value;
  return least;
}
