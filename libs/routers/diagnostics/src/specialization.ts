import type { Matrix } from './routing-statistics.js';

/** How much the expert of an assignment tells of the domain. */
export interface Specialization {
  /** Mutual information of expert and domain, nats. */
  readonly nats: number;
  /** As a share of the domains' entropy: 0 = experts ignore the domain, 1 = the expert gives it away. */
  readonly normalized: number;
  /** What `normalized` would be on average if experts ignored the domain: the estimate's bias at this sample size. */
  readonly bias: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function entropyOf(counts: readonly number[]): number {
  const total = sum(counts);
  return counts.reduce((h, count) => (count > 0 ? h - (count / total) * Math.log(count / total) : h), 0);
}

/**
 * Mutual information between an assignment's expert and its example's domain, from counts `n_de` [domains][E]:
 * `I = sum p_de log(p_de / (p_d p_e))`, normalised by the domains' entropy, `I / H(D)` (Theil's uncertainty coefficient).
 * At most `H(E) / H(D)`: few experts cannot name many domains.
 *
 * The estimate is biased upwards by about `(E - 1)(D - 1) / (2 N)` nats for N independent observations (Miller 1955), counting
 * experts and domains that occur. Tokens of one example are far from independent, so N must be the number of *examples*:
 * a bound on the safe side.
 *
 * @param byDomain assignments of each domain to each expert [domains][E]
 * @param examples N, examples that they come from
 * @returns undefined with fewer than two domains that have assignments
 */
export function specialization(byDomain: Matrix, examples: number): Specialization | undefined {
  const domains = byDomain.map(sum);
  const used = domains.filter((count) => count > 0).length;
  if (used < 2) return undefined;
  const experts = byDomain[0]!.map((_, e) => sum(byDomain.map((row) => row[e]!)));
  const total = sum(domains);
  let nats = 0;
  byDomain.forEach((row, d) =>
    row.forEach((count, e) => {
      if (count > 0) nats += (count / total) * Math.log((count * total) / (domains[d]! * experts[e]!));
    }),
  );
  nats = Math.max(0, nats);
  const entropy = entropyOf(domains);
  const serving = experts.filter((count) => count > 0).length;
  const bias = examples > 0 ? Math.min(entropy, ((serving - 1) * (used - 1)) / (2 * examples)) : entropy;
  return { nats, normalized: nats / entropy, bias: bias / entropy };
}
