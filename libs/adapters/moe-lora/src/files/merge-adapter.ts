import { scalingFactor, type LoraOptions } from '@gmoe/adapters-lora';
import { UserError } from '@gmoe/core';
import { sitePath, type ModelConfig } from '@gmoe/model';
import { HostTensor } from '@gmoe/tensor';
import { NAMES } from '../names.js';
import type { AdapterDescription } from './adapter-config.js';
import type { AdapterFile } from './adapter-files.js';

/** The plain LoRA that can be folded into base weights. @throws UserError with the reason for a routed mixture */
export function mergeableLora({ lora, mixture }: AdapterDescription): LoraOptions {
  if (lora && !mixture) return lora;
  throw new UserError(
    'merge: this adapter holds a routed mixture, whose update differs from token to token: no single weight matrix equals it. Only plain LoRA merges',
  );
}

/**
 * Base weights with plain LoRA folded in: `W + scaling * B A` at every targeted site. Other weights are shared, not copied.
 * @throws UserError for a routed mixture, or if a tensor is missing
 */
export function mergeAdapter(
  config: ModelConfig,
  weights: Readonly<Record<string, HostTensor>>,
  { description, tensors }: AdapterFile,
): Record<string, HostTensor> {
  const lora = mergeableLora(description);
  const find = (from: Readonly<Record<string, HostTensor>>, name: string): HostTensor => {
    const tensor = from[name];
    if (!tensor) throw new UserError(`merge: tensor '${name}' is missing`);
    return tensor;
  };
  const merged = { ...weights };
  for (let layer = 0; layer < config.layers; layer++) {
    for (const name of lora.targets) {
      const path = sitePath({ layer, name });
      const a = find(tensors.trainable, NAMES.loraA(path));
      const b = find(tensors.trainable, NAMES.loraB(path));
      merged[`${path}.weight`] = fold(find(weights, `${path}.weight`), a, b, scalingFactor(lora), path);
    }
  }
  return merged;
}

/** W [out, in] + scaling * B [out, R] A [R, in]. */
function fold(weight: HostTensor, a: HostTensor, b: HostTensor, scaling: number, path: string): HostTensor {
  const [outputs, inputs] = weight.shape as [number, number];
  const rank = a.shape[0]!;
  if (a.shape[1] !== inputs || b.shape[0] !== outputs || b.shape[1] !== rank) {
    throw new UserError(
      `merge: LoRA of '${path}' is [${b.shape.join(', ')}] x [${a.shape.join(', ')}], the weight [${outputs}, ${inputs}]`,
    );
  }
  const data = Float32Array.from(weight.data);
  for (let o = 0; o < outputs; o++) {
    for (let r = 0; r < rank; r++) {
      const factor = scaling * b.data[o * rank + r]!;
      for (let i = 0; i < inputs; i++) data[o * inputs + i]! += factor * a.data[r * inputs + i]!;
    }
  }
  return new HostTensor(data, weight.shape);
}
