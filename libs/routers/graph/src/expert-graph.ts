import type { RandomKey } from '@gmoe/tensor';

/** An undirected graph over E experts: a symmetric matrix [E][E] of 0 and 1; the diagonal may hold self-loops. */
export type ExpertEdges = readonly (readonly boolean[])[];

/** How expert-expert edges are laid. */
export const EDGE_KINDS = ['random', 'cosine', 'full', 'none'] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

const fromPairs = (experts: number, joined: (i: number, j: number) => boolean): boolean[][] =>
  Array.from({ length: experts }, (_, i) => Array.from({ length: experts }, (__, j) => joined(i, j)));

/**
 * `round(density E (E - 1) / 2)` distinct expert pairs, drawn by the key (the paper's random initial edges; 1 = fully
 * connected).
 */
export function randomEdges(experts: number, density: number, key: RandomKey): ExpertEdges {
  const pairs: [number, number][] = [];
  for (let i = 0; i < experts; i++) for (let j = i + 1; j < experts; j++) pairs.push([i, j]);
  const chosen = new Set(
    [...key.permutation(pairs.length)]
      .slice(0, Math.round(density * pairs.length))
      .map((index) => pairs[index]!.join()),
  );
  return fromPairs(experts, (i, j) => chosen.has([Math.min(i, j), Math.max(i, j)].join()));
}

/** Draws of `twinFreeEdges` before it gives up. */
const DRAWS = 1000;

/**
 * `randomEdges`, drawn again with the next key while two experts are twins (`twinGroups`): a uniform draw among the graphs
 * without twins. Where there is none among 1000 draws (e.g. density 1, one edge for three experts) it is the first draw.
 */
export function twinFreeEdges(experts: number, density: number, key: RandomKey): ExpertEdges {
  const first = randomEdges(experts, density, key);
  let edges = first;
  for (let draw = 1; twinGroups(edges).length > 0; draw++) {
    if (draw === DRAWS) return first;
    edges = randomEdges(experts, density, key.fold(draw));
  }
  return edges;
}

export function fullEdges(experts: number): ExpertEdges {
  return fromPairs(experts, (i, j) => i !== j);
}

export function noEdges(experts: number): ExpertEdges {
  return fromPairs(experts, () => false);
}

/**
 * Edges between experts of similar features, as the authors' code finds them: the threshold on |cosine| falls from 1.00 in
 * steps of 0.01 until the share of matrix entries at or above it, *the diagonal included*, reaches the density. With 8
 * experts and density 0.1 the diagonal alone is enough, so that no expert-expert edge exists.
 *
 * @param features rows to compare, [E][G]
 * @param countDiagonal false counts expert pairs only, which makes the density what its name says
 */
export function cosineEdges(features: readonly Float64Array[], density: number, countDiagonal: boolean): ExpertEdges {
  const experts = features.length;
  const similarity = cosineSimilarities(features);
  for (let step = 0; ; step++) {
    const threshold = 1 - 0.01 * step;
    const edges = fromPairs(experts, (i, j) => Math.abs(similarity[i]![j]!) >= threshold);
    const counted = edges.flatMap((row, i) => row.filter((_, j) => countDiagonal || i !== j));
    const share = counted.filter(Boolean).length / Math.max(1, counted.length);
    if (share >= density || threshold <= 0) return edges;
  }
}

/** Cosine similarity of every pair of rows; rounded to float32, since an edge may hang on `1 >= 1`. */
export function cosineSimilarities(rows: readonly Float64Array[]): number[][] {
  const norms = rows.map((row) => Math.sqrt(dot(row, row)));
  return rows.map((a, i) =>
    rows.map((b, j) => (i === j ? 1 : Math.fround(dot(a, b) / Math.max(norms[i]! * norms[j]!, Number.MIN_VALUE)))),
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Expert-expert edges without self-loops, each pair counted once. */
export function countEdges(edges: ExpertEdges): number {
  return edges.reduce((sum, row, i) => sum + row.filter((joined, j) => joined && i < j).length, 0);
}

/**
 * Groups of experts with the same closed neighbourhood (themselves included). Their nodes receive the same messages, so
 * their logits are equal whatever the weights.
 */
export function twinGroups(edges: ExpertEdges): number[][] {
  const groups = new Map<string, number[]>();
  edges.forEach((row, i) => {
    const neighbourhood = row.map((joined, j) => (joined || i === j ? '1' : '0')).join('');
    groups.set(neighbourhood, [...(groups.get(neighbourhood) ?? []), i]);
  });
  return [...groups.values()].filter((group) => group.length > 1);
}

/**
 * `D^-1/2 A D^-1/2` [E + 1, E + 1], A = expert-expert edges + the token node (the last) joined to every expert + unit
 * self-loops (Kipf & Welling 2017 eq. 2). Row-major float32.
 */
export function normalizedAdjacency(edges: ExpertEdges): Float32Array {
  const size = edges.length + 1;
  const token = size - 1;
  const joined = (i: number, j: number) => i === j || i === token || j === token || edges[i]![j]!;
  const degrees = Array.from({ length: size }, (_, i) => {
    let degree = 0;
    for (let j = 0; j < size; j++) if (joined(i, j)) degree++;
    return degree;
  });
  return Float32Array.from({ length: size * size }, (_, index) => {
    const [i, j] = [Math.floor(index / size), index % size];
    return joined(i, j) ? 1 / Math.sqrt(degrees[i]! * degrees[j]!) : 0;
  });
}
