import { largest } from '@gmoe/core/extremes';
import type { RoutingRecord } from '@gmoe/experiment';
import {
  coefficientOfVariation,
  deadExperts,
  loadShares,
  normalizedEntropy,
  routingAgreement,
  specialization,
} from '@gmoe/routing-diagnostics';
import type { TrialRecord } from '../results/sweep-results.js';
import { mean } from '../statistics/index.js';

/** What one mixture layer did with the test examples, mean over an arm's seeds; docs/diagnostics.md defines the terms. */
export interface LayerRoutingSummary {
  readonly experts: number;
  readonly entropy: number;
  readonly cv: number;
  /** The largest share of any expert of this layer. */
  readonly maxShare: number;
  readonly deadExperts: number;
  readonly confidence: number;
  /** Mutual information of expert and domain over the domains' entropy; null without domains. */
  readonly specialisation: number | null;
  /** What chance alone would give. */
  readonly specialisationBias: number | null;
  /** Expert pairs that the router's graph joins; null without a graph. */
  readonly edges: number | null;
  /** Experts with the same closed neighbourhood as another; null without a graph. */
  readonly twins: number | null;
  /** Agreement of the routing of two seeds, mean over all pairs; null with one seed. */
  readonly agreement: number | null;
  readonly agreementChance: number | null;
  /** Chance-corrected; null where loads leave no room for disagreement. */
  readonly kappa: number | null;
  /** Parameters of the losses, e.g. `poisson/lambda`. */
  readonly values: Readonly<Record<string, number>>;
}

export interface RoutingSummary {
  readonly seeds: readonly number[];
  /** The largest share of any expert of any layer, mean over seeds. */
  readonly maxShare: number;
  readonly layers: readonly LayerRoutingSummary[];
}

/** Routing of an arm's finished trials; null where none left a `routing.json`, or they differ in their layers. */
export function summariseRouting(finished: readonly TrialRecord[]): RoutingSummary | null {
  const found = finished.flatMap(({ trial, routing }) => (routing ? [{ seed: trial.seed, routing }] : []));
  const first = found[0]?.routing;
  if (!first || first.layers.length === 0) return null;
  const shapeOf = ({ layers }: RoutingRecord) => layers.map(({ selected }) => selected.length).join();
  if (found.some(({ routing }) => shapeOf(routing) !== shapeOf(first))) return null;
  const records = found.map(({ routing }) => routing);
  const layers = first.layers.map((_, l) => summariseLayer(records, l));
  return { seeds: found.map(({ seed }) => seed), maxShare: mean(records.map(largestShare)), layers };
}

function largestShare({ layers }: RoutingRecord): number {
  return largest(loadShares(layers.map(({ selected }) => selected)).flat());
}

function summariseLayer(records: readonly RoutingRecord[], l: number): LayerRoutingSummary {
  const layers = records.map(({ layers }) => layers[l]!);
  const shares = loadShares(layers.map(({ selected }) => selected));
  const special = records.flatMap(({ layers, examples }) => specialization(layers[l]!.byDomain, examples) ?? []);
  const graphs = layers.flatMap(({ edges }) => (edges ? [edges] : []));
  const experts = shares[0]!.length;
  const pairs = pairsOf(records).flatMap(([a, b]) => routingAgreement(...sameItems(a, b, l), experts) ?? []);
  const kappas = pairs.flatMap(({ kappa }) => kappa ?? []);
  return {
    experts,
    entropy: mean(shares.map(normalizedEntropy)),
    cv: mean(shares.map(coefficientOfVariation)),
    maxShare: mean(shares.map((row) => largest(row))),
    deadExperts: mean(shares.map((row) => deadExperts(row).length)),
    confidence: mean(layers.map(({ topProbability }, i) => topProbability / Math.max(1, records[i]!.tokens))),
    specialisation: meanOrNull(special.map(({ normalized }) => normalized)),
    specialisationBias: meanOrNull(special.map(({ bias }) => bias)),
    edges: meanOrNull(graphs.map(countEdges)),
    twins: meanOrNull(graphs.map(countTwins)),
    agreement: meanOrNull(pairs.map(({ agreement }) => agreement)),
    agreementChance: meanOrNull(pairs.map(({ chance }) => chance)),
    kappa: meanOrNull(kappas),
    values: meanValues(layers.map(({ values }) => values)),
  };
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values);
}

function meanValues(values: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  return Object.fromEntries(
    Object.keys(values[0] ?? {}).map((name) => [name, mean(values.map((each) => each[name]!))]),
  );
}

function pairsOf<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((a, i) => items.slice(i + 1).map((b): [T, T] => [a, b]));
}

/** The experts that two runs used for the examples that both have. */
function sameItems(a: RoutingRecord, b: RoutingRecord, layer: number): [number[][], number[][]] {
  const place = new Map(b.items.map((id, i) => [id, i]));
  const shared = a.items.flatMap((id, i) => (place.has(id) ? [[i, place.get(id)!] as const] : []));
  return [shared.map(([i]) => a.chosen[layer]![i]!), shared.map(([, j]) => b.chosen[layer]![j]!)];
}

function countEdges(edges: readonly (readonly number[])[]): number {
  return edges.reduce((sum, row, i) => sum + row.filter((joined, j) => j > i && joined > 0).length, 0);
}

function countTwins(edges: readonly (readonly number[])[]): number {
  const neighbourhoods = edges.map((row, i) => row.map((joined, j) => Number(joined > 0 || i === j)).join());
  return neighbourhoods.filter((one) => neighbourhoods.filter((other) => other === one).length > 1).length;
}
