import { HostTensor, sizeOf } from '@gmoe/tensor';
import type { ModelConfig } from '../config/model-config.js';
import { layerPath, sitePath, siteShape, weightShapes } from '../config/weight-shapes.js';
import type { Checkpoint } from './checkpoint.js';
import type { Rows } from './safetensors-reader.js';

/** The rows of a stored matrix that are one of the decoder's. */
export interface StoredRows extends Rows {
  /** Of the stored tensor, e.g. `model.layers.0.self_attn.qkv_proj.weight`. */
  readonly name: string;
}

/** Where the decoder's tensors lie in fused ones, by the decoder's names; those that are stored on their own are absent. */
export function fusedRows(config: ModelConfig): Map<string, StoredRows> {
  const rows = new Map<string, StoredRows>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const { name, parts } of config.fused ?? []) {
      let first = 0;
      for (const part of parts) {
        const count = siteShape(config, part).outputs;
        for (const kind of ['weight', 'bias']) {
          rows.set(`${sitePath({ layer, name: part })}.${kind}`, {
            name: `${layerPath(layer, name)}.${kind}`,
            first,
            count,
          });
        }
        first += count;
      }
    }
  }
  return rows;
}

/** Every tensor as the family's checkpoints store it, with its shape: `weightShapes` with fused projections as one. */
export function storedShapes(config: ModelConfig): Map<string, readonly number[]> {
  const rows = fusedRows(config);
  const stored = new Map<string, readonly number[]>();
  for (const [name, shape] of weightShapes(config)) {
    const place = rows.get(name);
    if (!place) {
      stored.set(name, shape);
      continue;
    }
    const before = stored.get(place.name)?.[0] ?? 0;
    stored.set(place.name, [before + place.count, ...shape.slice(1)]);
  }
  return stored;
}

/** A checkpoint under the decoder's names: parts of fused projections are read from their rows. */
export function unfused(
  checkpoint: Checkpoint,
  config: ModelConfig,
): Pick<Checkpoint, 'map' | 'version' | 'contents'> & { readFloats(name: string): Promise<HostTensor> } {
  const rows = fusedRows(config);
  const place = (name: string): [name: string, rows?: Rows] => {
    const found = rows.get(name);
    return found ? [found.name, found] : [name];
  };
  return {
    readFloats: (name) => checkpoint.readFloats(...place(name)),
    map: (name) => checkpoint.map(...place(name)),
    version: () => checkpoint.version(),
    contents: () => checkpoint.contents(),
  };
}

/** The decoder's weights as the family's checkpoints store them; what is not fused is shared, not copied. */
export function fuseWeights(
  config: ModelConfig,
  weights: Readonly<Record<string, HostTensor>>,
): Record<string, HostTensor> {
  const rows = fusedRows(config);
  const shapes = storedShapes(config);
  const stored: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(weights)) {
    const place = rows.get(name);
    if (!place) {
      stored[name] = tensor;
      continue;
    }
    const shape = shapes.get(place.name)!;
    stored[place.name] ??= new HostTensor(new Float32Array(sizeOf(shape)), shape);
    stored[place.name]!.data.set(tensor.data, place.first * (sizeOf(shape) / shape[0]!));
  }
  return stored;
}
