import { int8Weights, type Compute, type HostTensor } from '@gmoe/tensor';
import { SITE_NAMES, type ModelConfig } from '../config/model-config.js';
import { sitePath } from '../config/weight-shapes.js';

/**
 * A model's weights in the form that `compute` reads: in 8 bits the projections of every layer, whose products are nearly all of
 * the work. Embedding, norms and head stay as they are: a head's gradient is one large number a row among thousands of small ones, which
 * 8 bits would lose.
 */
export function weightsFor(
  compute: Compute,
  config: ModelConfig,
  weights: Readonly<Record<string, HostTensor>>,
): Promise<Readonly<Record<string, HostTensor>>> {
  const names = Array.from({ length: config.layers }, (_, layer) =>
    SITE_NAMES.map((name) => `${sitePath({ layer, name })}.weight`),
  ).flat();
  return int8Weights(weights, names, compute);
}
