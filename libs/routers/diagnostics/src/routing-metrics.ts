import { largest } from '@gmoe/core';
import { coefficientOfVariation, deadExperts, loadShares, normalizedEntropy } from './load.js';
import type { Matrix, RoutingStatistics } from './routing-statistics.js';
import { specialization } from './specialization.js';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The metric of every layer, `routing/layer_<l>/<name>`. */
function perLayer(name: string, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(values.map((value, layer) => [`routing/layer_${layer}/${name}`, value]));
}

/**
 * Metrics of the expert load [L][E]: `routing/entropy` (exp(H)/E, mean over layers), `routing/max_share` (the largest share of
 * any expert in any layer), `routing/cv` (coefficient of variation, mean over layers), `routing/dead_experts` (in all layers
 * together), `routing/layer_<l>/entropy`.
 */
export function loadMetrics(load: Matrix): Record<string, number> {
  if (load.length === 0) return {};
  const entropies = load.map(normalizedEntropy);
  return {
    'routing/entropy': mean(entropies),
    'routing/max_share': largest(load.flat()),
    'routing/cv': mean(load.map(coefficientOfVariation)),
    'routing/dead_experts': load.reduce((sum, layer) => sum + deadExperts(layer).length, 0),
    ...perLayer('entropy', entropies),
  };
}

/**
 * `loadMetrics`, and from the same tokens `routing/confidence` (largest routing probability, mean over tokens and layers),
 * `routing/margin` (largest less second largest), `routing/specialisation` (with domains: mutual information of expert and domain
 * over the domains' entropy, mean over layers) and its `_bias`; each also as `routing/layer_<l>/<name>`.
 */
export function routingMetrics({ tokens, examples, layers }: RoutingStatistics): Record<string, number> {
  if (layers.length === 0 || tokens === 0) return {};
  const load = loadShares(layers.map(({ selected }) => selected));
  const confidence = layers.map(({ topProbability }) => topProbability / tokens);
  const margin = layers.map((layer) => layer.margin / tokens);
  const special = layers.flatMap(({ byDomain }) => specialization(byDomain, examples) ?? []);
  return {
    ...loadMetrics(load),
    ...perLayer(
      'max_share',
      load.map((shares) => largest(shares)),
    ),
    ...perLayer('cv', load.map(coefficientOfVariation)),
    ...perLayer(
      'dead_experts',
      load.map((shares) => deadExperts(shares).length),
    ),
    'routing/confidence': mean(confidence),
    ...perLayer('confidence', confidence),
    'routing/margin': mean(margin),
    ...perLayer('margin', margin),
    ...(special.length < layers.length
      ? {}
      : {
          'routing/specialisation': mean(special.map(({ normalized }) => normalized)),
          'routing/specialisation_bias': mean(special.map(({ bias }) => bias)),
          ...perLayer(
            'specialisation',
            special.map(({ normalized }) => normalized),
          ),
        }),
  };
}
