/** Sizes that all families take. */
export const SIZES = {
  vocab_size: 32,
  hidden_size: 64,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  max_position_embeddings: 64,
};

/** A value that changes the maths for every field that some family reads for itself; null: it does nothing alone. */
export const VALUES: Readonly<Record<string, unknown>> = {
  hidden_act: 'relu',
  hidden_activation: 'relu',
  rms_norm_eps: 1e-3,
  layer_norm_eps: 1e-3,
  attention_bias: true,
  mlp_bias: true,
  use_qkv_bias: true,
  qk_layernorm: true,
  use_parallel_residual: true,
  use_sliding_window: true,
  sliding_window: 8,
  sliding_window_pattern: 2,
  max_window_layers: null,
  layer_types: ['sliding_attention', 'full_attention'],
  no_rope_layers: [1, 0],
  no_rope_layer_interval: null,
  rope_local_base_freq: 500,
  query_pre_attn_scalar: 9,
  attn_logit_softcapping: 30,
  final_logit_softcapping: 30,
  use_bidirectional_attention: true,
  embedding_multiplier: 12,
  attention_multiplier: 0.1,
  residual_multiplier: 0.2,
  logits_scaling: 8,
};

/** Fields of architectures that are not read. */
export const FOREIGN_FIELDS: Readonly<Record<string, unknown>> = {
  scale_emb: 12,
  scale_depth: 1.4,
  dim_model_base: 256,
  logit_scale: 0.06,
  rope_ratio: 50,
  rope_interleaved: true,
  use_mrope: true,
  alibi: true,
  clip_qkv: 8,
  parallel_attn: true,
  num_local_experts: 8,
  num_experts: 64,
  num_experts_per_tok: 2,
  moe_intermediate_size: 24,
  kv_lora_rank: 512,
  full_attn_mod: 2,
  attention_chunk_size: 8192,
  vision_config: { hidden_size: 8 },
};

/** Architectures that are not read. */
export const FOREIGN_TYPES = [
  'mixtral',
  'gemma3',
  'gemma3n',
  'phi',
  'phimoe',
  'qwen2_moe',
  'qwen3_moe',
  'qwen2_vl',
  'granitemoe',
  'olmo',
  'olmo3',
  'olmoe',
  'cohere',
  'cohere2',
  'deepseek_v3',
  'llama4_text',
  'ministral',
  'minicpm',
  'internlm2',
  'exaone4',
  'gpt_oss',
  'gpt_neox',
  'gpt2',
  'falcon',
  'bloom',
  'mamba2',
];

export interface RefusedValue {
  readonly modelType: string;
  /** How the table of docs/checkpoints.md names it. */
  readonly label: string;
  readonly changes: object;
  readonly message: RegExp;
}

const bidirectional = {
  label: '`use_bidirectional_attention`',
  changes: { use_bidirectional_attention: true },
  message: /use_bidirectional_attention: only false is known/,
};
const partial = {
  label: '`partial_rotary_factor` below 1',
  changes: { partial_rotary_factor: 0.5 },
  message: /partial_rotary_factor: only full rotary embeddings \(1\) are known here \(got 0\.5\)/,
};
const slidingWithoutWindow = {
  label: 'sliding `layer_types` with the window off',
  changes: { layer_types: ['sliding_attention', 'full_attention'], sliding_window: null },
  message: /layer_types: 1 of 2 layers slide, but sliding_window/,
};
const otherLayers = {
  label: 'other `layer_types`',
  changes: { layer_types: ['linear_attention', 'full_attention'] },
  message: /layer_types\.0: only full_attention and sliding_attention are known/,
};

/** Values of fields that a family reads, which it refuses. */
export const REFUSED_VALUES: readonly RefusedValue[] = [
  { modelType: 'llama', ...partial },
  {
    modelType: 'llama',
    label: '`rope_type` proportional',
    changes: { rope_scaling: { rope_type: 'proportional' } },
    message: /rope_scaling\.rope_type: is not known here; known: default, linear, dynamic, yarn, longrope, llama3/,
  },
  {
    modelType: 'mistral',
    label: '`layer_types` of two kinds',
    changes: { layer_types: ['sliding_attention', 'full_attention'] },
    message: /layer_types: layers of model_type mistral are all 'sliding_attention' with sliding_window 4096/,
  },
  { modelType: 'mistral', ...partial },
  { modelType: 'qwen2', ...slidingWithoutWindow },
  { modelType: 'qwen2', ...otherLayers },
  { modelType: 'qwen3', ...slidingWithoutWindow },
  { modelType: 'qwen3', ...otherLayers },
  { modelType: 'smollm3', ...slidingWithoutWindow },
  { modelType: 'smollm3', ...otherLayers },
  { modelType: 'gemma', ...bidirectional },
  { modelType: 'gemma2', ...bidirectional },
  { modelType: 'gemma2', ...slidingWithoutWindow },
  { modelType: 'gemma3_text', ...bidirectional },
  { modelType: 'gemma3_text', ...slidingWithoutWindow },
  {
    modelType: 'phi3',
    label: '`rope_type` other than longrope',
    changes: { rope_scaling: { rope_type: 'linear', factor: 2 } },
    message: /rope_scaling\.rope_type: is not known here; known: default, longrope \(got "linear"\)/,
  },
  { modelType: 'granite', ...partial },
  { modelType: 'olmo2', ...partial },
  {
    modelType: 'stablelm',
    label: '`qk_layernorm`',
    changes: { qk_layernorm: true },
    message: /qk_layernorm: only false is known: a norm for each head/,
  },
  {
    modelType: 'stablelm',
    label: '`use_parallel_residual`',
    changes: { use_parallel_residual: true },
    message: /use_parallel_residual: only false is known: attention and FFN side by side/,
  },
];
