import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Adapter, AdapterRouting } from '@gmoe/adapters-core';
import type { EvaluationResult } from '@gmoe/evaluation';
import type { RoutingRecord } from '@gmoe/experiment';

/** Writes `routing.json` into an attempt's folder; nothing without a mixture. */
export function writeRouting(
  folder: string,
  { routing, predictions }: EvaluationResult,
  adapter: Adapter,
  tensors: Parameters<AdapterRouting['facts']>[0],
): void {
  if (!routing) return;
  const facts = adapter.routing?.facts(tensors) ?? [];
  const { tokens, examples, layers } = routing.statistics;
  const copy = (matrix: readonly (readonly number[])[]) => matrix.map((row) => [...row]);
  const record: RoutingRecord = {
    formatVersion: 1,
    tokens,
    examples,
    domains: [...routing.domains],
    layers: layers.map((layer, l) => ({
      selected: [...layer.selected],
      weights: [...layer.weights],
      together: copy(layer.together),
      topProbability: layer.topProbability,
      // Summed in single precision: equal probabilities may leave a difference just below 0.
      margin: Math.max(0, layer.margin),
      byDomain: copy(layer.byDomain),
      ...facts[l]!,
    })),
    items: predictions.map(({ id }) => id),
    chosen: routing.chosen.map(copy),
  };
  writeFileSync(join(folder, 'routing.json'), `${JSON.stringify(record)}\n`);
}

/** Parameters of the losses as metrics: `coordination/poisson/lambda.0`, as the training steps log them. */
export function routingValues(
  adapter: Adapter,
  tensors: Parameters<AdapterRouting['facts']>[0],
): Record<string, number> {
  return Object.fromEntries(
    (adapter.routing?.facts(tensors) ?? []).flatMap(({ values }, layer) =>
      Object.entries(values).map(([name, value]) => [`coordination/${name}.${layer}`, value]),
    ),
  );
}
