import { HostTensor, type RandomKey } from '@gmoe/tensor';
import type { ModelConfig } from './model-config.js';
import { weightShapes } from './weight-shapes.js';

/**
 * Starting weights for pretraining. Matrices ~ N(0, std); those that write into the residual stream (o_proj, down_proj)
 * ~ N(0, std / sqrt(2 L)) as in GPT-2; norms the identity, biases 0. Each tensor draws from its own stream, by its name.
 *
 * @param std standard deviation; 0.02 as in GPT-2 and Llama
 */
export function initWeights(config: ModelConfig, key: RandomKey, std = 0.02): Record<string, HostTensor> {
  const weights: Record<string, HostTensor> = {};
  for (const [name, shape] of weightShapes(config)) {
    if (name.endsWith('norm.weight')) weights[name] = HostTensor.full(shape, config.norm === 'rms-plus-one' ? 0 : 1);
    else if (name.endsWith('.bias')) weights[name] = HostTensor.zeros(shape);
    else {
      const residual = name.endsWith('o_proj.weight') || name.endsWith('down_proj.weight');
      weights[name] = key.fold(name).normal(shape, 0, residual ? std / Math.sqrt(2 * config.layers) : std);
    }
  }
  return weights;
}
