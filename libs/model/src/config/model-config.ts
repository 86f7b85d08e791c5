import { parseOptions, UserError } from '@gmoe/core';
import { z } from 'zod';

/** `rope_scaling` of Llama 3.1 and later: low frequencies are slowed down, with a smooth passage between. */
export interface Llama3RopeScaling {
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  /** Positions that the model was trained on before scaling. */
  readonly originalPositions: number;
}

/** A decoder's architecture: what `config.json` says, under the names used here. */
export interface ModelConfig {
  /** Hugging Face's `model_type`. */
  readonly family: 'llama' | 'mistral' | 'qwen2' | 'qwen3';
  /** V */
  readonly vocabSize: number;
  /** D, width of the residual stream. */
  readonly hiddenSize: number;
  /** F, width inside the FFN. */
  readonly ffnSize: number;
  /** L */
  readonly layers: number;
  /** H, query heads. */
  readonly heads: number;
  /** Key and value heads; divides `heads`. */
  readonly kvHeads: number;
  /** P, width of one head. */
  readonly headSize: number;
  /** Epsilon inside every RMSNorm. */
  readonly normEpsilon: number;
  /** Base of the rotary frequencies. */
  readonly ropeBase: number;
  readonly ropeScaling?: Llama3RopeScaling;
  /** Longest sequence that the model was made for, in tokens. */
  readonly maxPositions: number;
  /** Whether the head is the embedding matrix. */
  readonly tiedEmbeddings: boolean;
  /** Whether q, k and v have a bias (Qwen2). */
  readonly qkvBias: boolean;
  /** Whether o has a bias (Llama with `attention_bias`). */
  readonly outputBias: boolean;
  /** Whether gate, up and down have a bias (Llama with `mlp_bias`). */
  readonly ffnBias: boolean;
  /** Whether each head of q and k goes through an RMSNorm before RoPE (Qwen3). */
  readonly qkNorm: boolean;
  /** Tokens that a position sees, itself included; absent: all before it. */
  readonly slidingWindow?: number;
  readonly bosId?: number;
  /** End of text; the first where several are named. */
  readonly eosId?: number;
}

const FAMILIES = ['llama', 'mistral', 'qwen2', 'qwen3'] as const;
/** Layers without a sliding window where a Qwen config does not say; transformers' default. */
const QWEN_FULL_LAYERS = 28;

/** What transformers takes where a family's config leaves a field out. */
const DEFAULTS: Record<
  ModelConfig['family'],
  { maxPositions: number; kvHeads?: number; headSize?: number; slidingWindow?: number }
> = {
  llama: { maxPositions: 2048 },
  mistral: { maxPositions: 131_072, kvHeads: 8, slidingWindow: 4096 },
  qwen2: { maxPositions: 32_768, kvHeads: 32, slidingWindow: 4096 },
  qwen3: { maxPositions: 32_768, kvHeads: 32, headSize: 128, slidingWindow: 4096 },
};
const size = z.int().min(1);
const tokenId = z.union([z.int().min(0), z.array(z.int().min(0)).nonempty()]).nullish();

const ropeScalingSchema = z.looseObject({
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: size.optional(),
  rope_theta: z.number().positive().optional(),
  partial_rotary_factor: z.literal(1, 'only full rotary embeddings (1) are known').nullish(),
});

/** `config.json` as Hugging Face transformers writes it; fields that do not change the decoder are not looked at. */
const configJsonSchema = z.looseObject({
  model_type: z.enum(FAMILIES, `unknown architecture; known: ${FAMILIES.join(', ')} (Yi is llama)`),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  hidden_act: z.literal(['silu', 'swish'], 'only silu is known').default('silu'),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: ropeScalingSchema.nullish(),
  rope_parameters: ropeScalingSchema.nullish(),
  partial_rotary_factor: z.literal(1, 'only full rotary embeddings (1) are known').nullish(),
  max_position_embeddings: size.optional(),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  sliding_window: size.nullish(),
  use_sliding_window: z.boolean().default(false),
  max_window_layers: z.int().min(0).nullish(),
  layer_types: z
    .array(z.enum(['full_attention', 'sliding_attention'], 'only full_attention and sliding_attention are known'))
    .nullish(),
  quantization_config: z.null('quantized checkpoints are not read; use the unquantized one').optional(),
  bos_token_id: tokenId,
  eos_token_id: tokenId,
});

type ConfigJson = z.output<typeof configJsonSchema>;

/**
 * Reads a Hugging Face `config.json` (already parsed from JSON): Llama 2 and 3, Mistral, Yi, Qwen2, Qwen2.5, Qwen3.
 *
 * @param where prefix of messages, e.g. the file's path
 * @throws UserError naming the field, for an unknown architecture or a feature that is not implemented
 */
export function parseModelConfig(json: unknown, where = 'config.json'): ModelConfig {
  const source = parseOptions(configJsonSchema, json, where);
  const family = source.model_type;
  const defaults = DEFAULTS[family];
  const heads = source.num_attention_heads;
  // null is "as many as query heads" in every family, a missing field is the family's default.
  const kvHeads =
    source.num_key_value_heads === undefined ? (defaults.kvHeads ?? heads) : (source.num_key_value_heads ?? heads);
  if (heads % kvHeads !== 0) {
    throw new UserError(`${where}: num_key_value_heads: ${kvHeads} does not divide num_attention_heads ${heads}`);
  }
  const headSize = (source.head_dim === undefined ? defaults.headSize : source.head_dim) ?? source.hidden_size / heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0) {
    throw new UserError(
      `${where}: hidden_size: ${source.hidden_size} over ${heads} heads gives a head width of ${headSize}; it must be even`,
    );
  }
  const scaling = source.rope_scaling ?? source.rope_parameters;
  const ropeScaling = parseRopeScaling(scaling, source.rope_scaling ? 'rope_scaling' : 'rope_parameters', where);
  const maxPositions = source.max_position_embeddings ?? defaults.maxPositions;
  const slidingWindow = parseSlidingWindow(source, maxPositions, where);
  const bosId = firstOf(source.bos_token_id);
  const eosId = firstOf(source.eos_token_id);
  return {
    family,
    vocabSize: source.vocab_size,
    hiddenSize: source.hidden_size,
    ffnSize: source.intermediate_size,
    layers: source.num_hidden_layers,
    heads,
    kvHeads,
    headSize,
    normEpsilon: source.rms_norm_eps,
    ropeBase: source.rope_theta ?? scaling?.rope_theta ?? source.rope_parameters?.rope_theta ?? 10_000,
    ...(ropeScaling ? { ropeScaling } : {}),
    maxPositions,
    tiedEmbeddings: source.tie_word_embeddings,
    qkvBias: family === 'qwen2' || (family !== 'mistral' && source.attention_bias),
    outputBias: (family === 'llama' || family === 'qwen3') && source.attention_bias,
    ffnBias: family === 'llama' && source.mlp_bias,
    qkNorm: family === 'qwen3',
    ...(slidingWindow ? { slidingWindow } : {}),
    ...(bosId === undefined ? {} : { bosId }),
    ...(eosId === undefined ? {} : { eosId }),
  };
}

function parseRopeScaling(
  scaling: ConfigJson['rope_scaling'],
  field: string,
  where: string,
): Llama3RopeScaling | undefined {
  const type = scaling?.rope_type ?? scaling?.type ?? 'default';
  if (!scaling || type === 'default') return undefined;
  if (type !== 'llama3') {
    throw new UserError(`${where}: ${field}.rope_type: '${type}' is not implemented; known: default, llama3`);
  }
  const need = (name: 'factor' | 'low_freq_factor' | 'high_freq_factor' | 'original_max_position_embeddings') => {
    const value = scaling[name];
    if (value === undefined) throw new UserError(`${where}: ${field}.${name}: missing; rope_type llama3 needs it`);
    return value;
  };
  return {
    factor: need('factor'),
    lowFrequencyFactor: need('low_freq_factor'),
    highFrequencyFactor: need('high_freq_factor'),
    originalPositions: need('original_max_position_embeddings'),
  };
}

function parseSlidingWindow(source: ConfigJson, maxPositions: number, where: string): number | undefined {
  const family = source.model_type;
  const window =
    (source.sliding_window === undefined ? DEFAULTS[family].slidingWindow : source.sliding_window) ?? undefined;
  if (window === undefined || window >= maxPositions || family === 'llama') return undefined;
  if (family === 'mistral') return window;
  if (!source.use_sliding_window) return undefined;
  const layers = source.num_hidden_layers;
  const windowed = source.layer_types
    ? source.layer_types.filter((type) => type === 'sliding_attention').length
    : Math.max(0, layers - (source.max_window_layers ?? QWEN_FULL_LAYERS));
  if (windowed === 0) return undefined;
  if (windowed < layers) {
    throw new UserError(
      `${where}: ${source.layer_types ? 'layer_types' : 'max_window_layers'}: ${layers - windowed} full and ${windowed} sliding layers are mixed, which is not implemented; set use_sliding_window to false for sequences up to ${window} tokens`,
    );
  }
  return window;
}

function firstOf(id: ConfigJson['bos_token_id']): number | undefined {
  return (Array.isArray(id) ? id[0] : id) ?? undefined;
}
