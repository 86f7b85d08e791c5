import { UserError } from '@gmoe/core';
import { ARCHITECTURES, type GgufArchitecture } from './architectures.js';
import type { GgufFile } from './gguf-file.js';
import { ggufModel, round32, type GgufModel } from './gguf-model.js';

/** Metadata of every architecture that is read here. */
const COMMON = [
  'vocab_size',
  'context_length',
  'embedding_length',
  'block_count',
  'feed_forward_length',
  'attention.head_count',
  'attention.head_count_kv',
  'attention.key_length',
  'attention.value_length',
  'rope.freq_base',
  'rope.dimension_count',
  'rope.scaling.type',
  'rope.scaling.factor',
  'rope.scaling.original_context_length',
  'rope.scaling.finetuned',
];

/** What some files state beside that, and the value at which it changes nothing. */
const WITHOUT_EFFECT: Readonly<Record<string, unknown>> = {
  'attention.causal': true,
  expert_count: 0,
  expert_used_count: 0,
};

/** Divisors of the rotary frequencies, as tensors. */
export const FREQUENCY_TENSORS = ['rope_freqs.weight', 'rope_factors_long.weight', 'rope_factors_short.weight'];

/**
 * The architecture that a file names.
 * @throws UserError if it is not known
 */
export function architectureOf(file: GgufFile): { readonly model: GgufModel; readonly known: GgufArchitecture } {
  const name = file.metadata.text('general.architecture');
  const known = name !== undefined && Object.hasOwn(ARCHITECTURES, name) ? ARCHITECTURES[name] : undefined;
  if (!known) {
    throw new UserError(
      `${file.path}: general.architecture: is not known; known: ${Object.keys(ARCHITECTURES).join(', ')} (got ${name ?? 'nothing'})`,
    );
  }
  if ((file.metadata.number('split.count') ?? 0) > 1) {
    throw new UserError(`${file.path}: is one part of several; merge them with llama.cpp's gguf-split --merge`);
  }
  return { model: ggufModel(file, name!), known };
}

/**
 * `config.json` of a GGUF file. Fields that are not read are refused, unless they are known to change nothing.
 * @throws UserError naming the field
 */
export async function ggufConfig(model: GgufModel, known: GgufArchitecture): Promise<Record<string, unknown>> {
  const { file, architecture } = model;
  const { metadata, tensors, path } = file;
  refuseUnread(model, known);
  const embedding = tensors.get('token_embd.weight');
  if (!embedding) throw new UserError(`${path}: tensor 'token_embd.weight' is missing`);
  const values = model.number('attention.value_length');
  if (values !== undefined && values !== model.headSize) {
    throw new UserError(
      `${path}: ${architecture}.attention.value_length: heads whose values have another width than their keys are not read (got ${values})`,
    );
  }
  const rotated = model.number('rope.dimension_count') ?? model.headSize;
  const config = known.config(model);
  if (rotated !== model.headSize && !('partial_rotary_factor' in config)) {
    throw new UserError(
      `${path}: ${architecture}.rope.dimension_count: must be the head's ${model.headSize} (got ${rotated})`,
    );
  }
  const heads = model.need('attention.head_count');
  return {
    architectures: [known.className],
    model_type: known.modelType,
    vocab_size: embedding.shape[0],
    hidden_size: model.need('embedding_length'),
    intermediate_size: model.need('feed_forward_length'),
    num_hidden_layers: model.need('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: model.number('attention.head_count_kv') ?? heads,
    head_dim: model.headSize,
    max_position_embeddings: model.need('context_length'),
    rope_theta: round32(model.number('rope.freq_base') ?? 10_000),
    ...(await ropeScaling(model)),
    ...config,
    tie_word_embeddings: !tensors.has('output.weight'),
    ...tokenId('bos_token_id', metadata.number('tokenizer.ggml.bos_token_id')),
    ...tokenId('eos_token_id', metadata.number('tokenizer.ggml.eos_token_id')),
    torch_dtype: 'float32',
  };
}

function tokenId(name: string, id: number | undefined): Record<string, number> {
  return id === undefined ? {} : { [name]: id };
}

function refuseUnread({ file, architecture }: GgufModel, { reads }: GgufArchitecture): void {
  const { metadata, path } = file;
  const read = new Set([...COMMON, ...reads]);
  const prefix = `${architecture}.`;
  for (const key of metadata.keys) {
    if (!key.startsWith(prefix) || read.has(key.slice(prefix.length))) continue;
    const neutral = WITHOUT_EFFECT[key.slice(prefix.length)];
    if (neutral !== undefined && metadata.raw(key) === neutral) continue;
    throw new UserError(`${path}: ${key}: is not read, and it may change the maths (got ${metadata.show(key)})`);
  }
}

/** `rope_scaling`, of the fields and of tensors with one divisor per frequency (Llama 3.1 and later, Phi-3 with long context). */
async function ropeScaling(model: GgufModel): Promise<Record<string, unknown>> {
  const { file, architecture } = model;
  const key = `${architecture}.rope.scaling.type`;
  const type = file.metadata.text(key) ?? 'none';
  const original = model.number('rope.scaling.original_context_length');
  const attention = model.number('rope.scaling.attn_factor');
  const divisors = async (name: string): Promise<number[]> => Array.from((await file.read(name)).data, round32);
  if (model.hasTensor('rope_factors_long.weight') || model.hasTensor('rope_factors_short.weight')) {
    return {
      rope_scaling: {
        rope_type: 'longrope',
        short_factor: await divisors('rope_factors_short.weight'),
        long_factor: await divisors('rope_factors_long.weight'),
        ...(attention === undefined ? {} : { attention_factor: round32(attention) }),
      },
    };
  }
  const hasDivisors = model.hasTensor('rope_freqs.weight');
  if (type === 'longrope' || (type !== 'none' && hasDivisors)) {
    const why = hasDivisors
      ? 'is not read beside rope_freqs.weight'
      : 'needs rope_factors_long.weight and rope_factors_short.weight';
    throw new UserError(`${file.path}: ${key}: ${why} (got ${type})`);
  }
  if (type === 'linear') return { rope_scaling: { rope_type: 'linear', factor: model.need('rope.scaling.factor') } };
  if (type === 'yarn') {
    return {
      rope_scaling: {
        rope_type: 'yarn',
        factor: model.need('rope.scaling.factor'),
        ...(original === undefined ? {} : { original_max_position_embeddings: original }),
      },
    };
  }
  if (type !== 'none') {
    throw new UserError(`${file.path}: ${key}: is not known; known: none, linear, yarn, longrope (got ${type})`);
  }
  if (!hasDivisors) return {};
  const factors = await divisors('rope_freqs.weight');
  return {
    // The same divisors at every length.
    rope_scaling: {
      rope_type: 'longrope',
      short_factor: factors,
      long_factor: factors,
      factor: 1,
      attention_factor: 1,
      original_max_position_embeddings: model.need('context_length'),
    },
  };
}
