import { largest } from '@gmoe/core';
import { optimalMatching } from './optimal-matching.js';

/** Experts that were selected for the same tokens, in the same order of tokens; each token's experts in any order. */
export type SelectedExperts = readonly (readonly number[])[];

/** How alike two runs route the same tokens, up to the numbering of their experts. */
export interface RoutingAgreement {
  /** Share of the assignments that both make, the experts of one run renamed as fits best. */
  readonly agreement: number;
  /** The same for two runs of these loads that choose independently of each other. */
  readonly chance: number;
  /** `(agreement - chance) / (1 - chance)`: 1 = the same routing, 0 = no more alike than their loads make them. */
  readonly kappa: number | undefined;
  /** Expert of the second run that each of the first was taken for. */
  readonly match: readonly number[];
}

/**
 * Agreement of two runs after an optimal matching of their experts: with `C_ef` = tokens for which the first run selects e
 * and the second f, `agreement = max over permutations pi of sum_e C_e,pi(e) / M`, M = the larger number of assignments.
 * Chance replaces C by its expectation for independent choices, `a_e b_f / T`, whose best matching pairs the loads by rank;
 * the matching's own optimism on few tokens comes on top.
 *
 * @param experts E of the layer
 * @returns undefined without tokens
 */
export function routingAgreement(
  first: SelectedExperts,
  second: SelectedExperts,
  experts: number,
): RoutingAgreement | undefined {
  const tokens = Math.min(first.length, second.length);
  const both = Array.from({ length: experts }, () => new Array<number>(experts).fill(0));
  const loads = [new Array<number>(experts).fill(0), new Array<number>(experts).fill(0)] as const;
  for (let t = 0; t < tokens; t++) {
    for (const e of first[t]!) loads[0][e]!++;
    for (const f of second[t]!) loads[1][f]!++;
    for (const e of first[t]!) for (const f of second[t]!) both[e]![f]!++;
  }
  const assignments = largest(loads.map((load) => load.reduce((sum, count) => sum + count, 0)));
  if (assignments === 0) return undefined;
  const match = optimalMatching(both);
  const agreement = match.reduce((sum, f, e) => sum + both[e]![f]!, 0) / assignments;
  const [a, b] = loads.map((load) => load.toSorted((x, y) => y - x)) as [number[], number[]];
  const chance = a.reduce((sum, count, i) => sum + (count * b[i]!) / tokens, 0) / assignments;
  return { agreement, chance, kappa: chance < 1 - 1e-12 ? (agreement - chance) / (1 - chance) : undefined, match };
}
