/**
 * Holm's step-down correction: adjusted p values, in the order given; the chance of any false claim among them stays
 * below the level. Undefined entries (no test possible) stay undefined and do not count.
 * Source: Holm, Scandinavian Journal of Statistics 6(2), 1979.
 */
export function holm(ps: readonly (number | undefined)[]): (number | undefined)[] {
  const order = ps.flatMap((p, i) => (p === undefined ? [] : [{ p, i }])).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number | undefined>(ps.length).fill(undefined);
  let running = 0;
  order.forEach(({ p, i }, rank) => {
    running = Math.max(running, Math.min(1, (order.length - rank) * p));
    adjusted[i] = running;
  });
  return adjusted;
}
