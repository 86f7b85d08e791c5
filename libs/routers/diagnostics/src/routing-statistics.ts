/** A matrix of numbers, rows first. */
export type Matrix = readonly (readonly number[])[];

/** Sums over the tokens that one mixture layer routed; padding is not among them. E experts. */
export interface LayerStatistics {
  /** Tokens that each expert was selected for. [E] */
  readonly selected: readonly number[];
  /** Sum of each expert's mixture weights. [E] */
  readonly weights: readonly number[];
  /** Tokens whose selection holds both experts; the diagonal is `selected`. [E][E] */
  readonly together: Matrix;
  /** Sum over the tokens of the largest routing probability. */
  readonly topProbability: number;
  /** Sum over the tokens of the largest less the second largest probability. */
  readonly margin: number;
  /** `selected` within each domain; no rows without domains. [domains][E] */
  readonly byDomain: Matrix;
}

/** What the mixture layers of a model did with the same tokens. */
export interface RoutingStatistics {
  /** Tokens that every layer routed. */
  readonly tokens: number;
  /** Examples with a domain that the tokens belong to: what a specialisation is estimated from. */
  readonly examples: number;
  readonly layers: readonly LayerStatistics[];
}

const add = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value + b[i]!);
const addRows = (a: Matrix, b: Matrix): number[][] => a.map((row, i) => add(row, b[i]!));

/** Statistics over the tokens of both. The experts of each layer and the domains must be the same. */
export function addStatistics(a: LayerStatistics, b: LayerStatistics): LayerStatistics {
  return {
    selected: add(a.selected, b.selected),
    weights: add(a.weights, b.weights),
    together: addRows(a.together, b.together),
    topProbability: a.topProbability + b.topProbability,
    margin: a.margin + b.margin,
    byDomain: addRows(a.byDomain, b.byDomain),
  };
}

/**
 * Share of the tokens whose selection holds both experts, `C_ij = |{t: i and j selected}| / T`; the diagonal is the share of
 * the tokens that an expert serves. [E][E]; all zero without tokens.
 */
export function coSelection({ together }: LayerStatistics, tokens: number): number[][] {
  return together.map((row) => row.map((count) => (tokens > 0 ? count / tokens : 0)));
}
