import { INT8_SUFFIX, int8Weights, weightRange, type Compute, type HostTensor } from '@gmoe/tensor';
import { int8Products } from '../checkpoint/int8-copy.js';
import type { ModelConfig } from '../config/model-config.js';
import { sitePaths } from '../config/weight-shapes.js';

type Named = Readonly<Record<string, HostTensor>>;

/**
 * A model's weights in the form that `compute` reads: in 8 bits the projections of every layer, whose products are nearly all of
 * the work. Embedding, norms and head stay as they are: a head's gradient is one large number a row among thousands of small ones, which
 * 8 bits would lose. Weights that are stored in 8 bits stay in files; for float32 their products widen them, layer by layer.
 */
export async function weightsFor(compute: Compute, config: ModelConfig, weights: Named): Promise<Named> {
  if (compute === 'float32') return weights;
  const names = sitePaths(config).map((path) => `${path}.weight`);
  const products = await int8Products(weights, names, await weightRange());
  if (!products) return int8Weights(weights, names, compute);
  const rows = names.map((name) => name + INT8_SUFFIX.rows);
  const unread = new Set(compute === 'int8' ? [] : rows);
  return Object.fromEntries(Object.entries({ ...weights, ...products }).filter(([name]) => !unread.has(name)));
}
