import { z } from 'zod';
import type { Activation } from '../config/model-config.js';

export const size = z.int().min(1);
/** Lists of tensors and sites are made before a file is looked at. */
const layerCount = size.max(10_000);
export const positive = z.number().positive();

/** transformers' names of what is computed here. */
const ACTIVATIONS = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_new: 'gelu-tanh',
  relu: 'relu',
} as const satisfies Record<string, Activation>;
const ACTIVATION_NAMES = Object.keys(ACTIVATIONS) as (keyof typeof ACTIVATIONS)[];

/** A field that names the FFN's activation. */
export function activation(byDefault: keyof typeof ACTIVATIONS) {
  return z
    .enum(ACTIVATION_NAMES, `known: ${ACTIVATION_NAMES.join(', ')}`)
    .default(byDefault)
    .transform((name): Activation => ACTIVATIONS[name]);
}

/** A field that must have the value at which it does nothing; other values are not implemented. */
export function only<const Value extends boolean | number | string>(value: Value, why: string) {
  return z.literal(value, `only ${JSON.stringify(value)} is known: ${why}`).nullish();
}

/** `layer_types`: full or sliding attention, by layer. */
export const layerTypes = z
  .array(z.enum(['full_attention', 'sliding_attention'], 'only full_attention and sliding_attention are known'))
  .nullish();

const tokenId = z.union([z.int().min(0), z.array(z.int().min(0)).nonempty()]).nullish();
const record = z.record(z.string(), z.unknown());

/** What every family reads. */
export const coreFields = z.looseObject({
  model_type: z.string(),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  max_position_embeddings: size,
  tie_word_embeddings: z.boolean(),
  rope_theta: positive.nullish(),
  rope_scaling: record.nullish(),
  rope_parameters: record.nullish(),
  partial_rotary_factor: positive.max(1).nullish(),
  original_max_position_embeddings: size.nullish(),
  quantization_config: record.nullish(),
  bos_token_id: tokenId,
  eos_token_id: tokenId,
});
export type CoreFields = z.output<typeof coreFields>;
