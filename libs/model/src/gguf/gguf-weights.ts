import { UserError } from '@gmoe/core';
import { HostTensor } from '@gmoe/tensor';
import { LAYER_NAMES, type GgufArchitecture } from './architectures.js';
import { FREQUENCY_TENSORS } from './gguf-config.js';
import type { GgufModel } from './gguf-model.js';

const OUTER_NAMES: Readonly<Record<string, string>> = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
};

/**
 * Hugging Face's name of every weight, with the file's own. A computed table of rotary divisors is none.
 * @throws UserError for a tensor that has no place in the architecture
 */
export function weightNames({ file, architecture }: GgufModel, { names = {} }: GgufArchitecture): Map<string, string> {
  const parts = { ...LAYER_NAMES, ...names };
  const found = new Map<string, string>();
  for (const name of file.tensors.keys()) {
    if (FREQUENCY_TENSORS.includes(name)) continue;
    const [, layer, part, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name) ?? [];
    const table = layer === undefined ? OUTER_NAMES : parts;
    const module = part !== undefined && Object.hasOwn(table, part) ? table[part]! : undefined;
    if (!module) {
      throw new UserError(`${file.path}: tensor '${name}' has no place in a ${architecture} model as it is known here`);
    }
    found.set(`${layer === undefined ? '' : `model.layers.${layer}.`}${module}.${kind}`, name);
  }
  return found;
}

/** A weight as Hugging Face has it: norms without the 1 that was added, rows of q and k in the order of half-split rotation. */
export async function readWeight(
  model: GgufModel,
  { normsPlusOne = false, interleaved = false }: GgufArchitecture,
  name: string,
  stored: string,
): Promise<HostTensor> {
  const tensor = await model.file.read(stored);
  if (normsPlusOne && name.endsWith('norm.weight')) {
    return new HostTensor(
      Float32Array.from(tensor.data, (value) => value - 1),
      tensor.shape,
    );
  }
  if (!interleaved || !/\.self_attn\.[qk]_proj\./.test(name)) return tensor;
  const queries = model.need('attention.head_count');
  const heads = name.includes('q_proj') ? queries : (model.number('attention.head_count_kv') ?? queries);
  if (tensor.shape[0]! % (2 * heads) !== 0) {
    throw new UserError(
      `${model.file.path}: tensor '${stored}' has ${tensor.shape[0]} rows, no even width for ${heads} heads`,
    );
  }
  return halfSplit(tensor, heads);
}

/** Rows `(head, pair, half)` put in the order `(head, half, pair)`: what turned as neighbours turns as halves. */
function halfSplit(tensor: HostTensor, heads: number): HostTensor {
  const rows = tensor.shape[0]!;
  const width = tensor.size / rows;
  const half = rows / heads / 2;
  const out = new Float32Array(tensor.size);
  const from = tensor.data as Float32Array;
  for (let head = 0; head < heads; head++) {
    for (let pair = 0; pair < half; pair++) {
      for (const side of [0, 1]) {
        const source = (2 * (head * half + pair) + side) * width;
        out.set(from.subarray(source, source + width), (2 * head * half + side * half + pair) * width);
      }
    }
  }
  return new HostTensor(out, tensor.shape);
}
