import { cosineEdges, hiddenFeatures, normalizedAdjacency, type ExpertEdges } from '@gmoe/routers-graph';
import { HostTensor } from '@gmoe/tensor';
import type { Check } from './case-report.js';
import { compare, compareExactly } from './compare.js';
import type { GoldenCase } from './golden-case.js';

/** The features that decide a golden's edges, as the product computes them. `prefix` stands before the gate's tensors. */
export const goldenFeatures = (golden: GoldenCase, prefix: string): Float64Array[] =>
  hiddenFeatures(golden.get(`${prefix}X`), golden.get(`${prefix}mlp_struct.weight`));

/** The expert graph as the product lays it, from a golden's weights. */
export const goldenEdges = (golden: GoldenCase, prefix: string, density: number): ExpertEdges =>
  cosineEdges(goldenFeatures(golden, prefix), density, true);

/** Its normalised adjacency [E + 1, E + 1]. */
export function adjacencyOf(edges: ExpertEdges): HostTensor {
  return new HostTensor(normalizedAdjacency(edges), [edges.length + 1, edges.length + 1]);
}

/** Values of a square matrix, row-major. */
export const square = (size: number, value: (i: number, j: number) => number): number[] =>
  Array.from({ length: size * size }, (_, n) => value(Math.floor(n / size), n % size));

/** 1 where two different experts are joined. */
export const joined = (edges: ExpertEdges, i: number, j: number): number => (i !== j && edges[i]![j]! ? 1 : 0);

/**
 * The product's graph against the authors': normalised adjacency, and where it is given the adjacency itself, with the token
 * (the last node) joined to all and self-loops.
 */
export function adjacencyChecks(
  golden: GoldenCase,
  edges: ExpertEdges,
  normalized: string,
  effective: string,
): Check[] {
  const experts = edges.length;
  const size = experts + 1;
  const checks = [compare(normalized, adjacencyOf(edges), golden.get(normalized, [size, size]))];
  if (!golden.has(effective)) return checks;
  const ours = square(size, (i, j) => (i === j || i === experts || j === experts ? 1 : joined(edges, i, j)));
  return [compareExactly(effective, ours, golden.get(effective, [size, size])), ...checks];
}
