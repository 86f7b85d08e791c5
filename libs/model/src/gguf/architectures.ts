import { round32, type GgufModel } from './gguf-model.js';

/** One architecture of GGUF files: what its fields and tensors are in Hugging Face's terms. */
export interface GgufArchitecture {
  readonly modelType: string;
  readonly className: string;
  /** Fields of `config.json` beside the common ones. */
  readonly config: (model: GgufModel) => Record<string, unknown>;
  /** Metadata that `config` reads, without the architecture's prefix, beside the common ones. */
  readonly reads: readonly string[];
  /** Parts of a layer whose name differs from `LAYER_NAMES`. */
  readonly names?: Readonly<Record<string, string>>;
  /** q and k are stored with their rows in the order of interleaved rotation. */
  readonly interleaved?: boolean;
  /** Norms are stored with 1 added. */
  readonly normsPlusOne?: boolean;
}

/** Parts of a layer by their name in GGUF files. */
export const LAYER_NAMES: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

/** Norms around both parts of a layer (Gemma 2 and 3). */
const SANDWICH = {
  ffn_norm: 'pre_feedforward_layernorm',
  post_attention_norm: 'post_attention_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
};

const RMS = 'attention.layer_norm_rms_epsilon';
const rms = (model: GgufModel) => ({ rms_norm_eps: round32(model.need(RMS)) });
const biased = (model: GgufModel, part: string) => model.hasTensor(`blk.0.${part}.bias`);
/** Gemma scales scores by a width that no field holds; the largest model of each generation takes the mean head. */
const queryScale = (model: GgufModel, largest: number) =>
  model.need('block_count') === largest
    ? model.need('embedding_length') / model.need('attention.head_count')
    : model.headSize;

/**
 * The architectures that are read. Source: llama.cpp's converter (what it changes in tensors) and its loader (what it takes
 * for granted where a file has no field).
 */
export const ARCHITECTURES: Readonly<Record<string, GgufArchitecture>> = {
  llama: {
    modelType: 'llama',
    className: 'LlamaForCausalLM',
    interleaved: true,
    reads: [RMS],
    config: (model) => ({
      ...rms(model),
      attention_bias: biased(model, 'attn_q'),
      mlp_bias: biased(model, 'ffn_gate'),
    }),
  },
  qwen2: { modelType: 'qwen2', className: 'Qwen2ForCausalLM', reads: [RMS], config: rms },
  qwen3: { modelType: 'qwen3', className: 'Qwen3ForCausalLM', reads: [RMS], config: rms },
  gemma: {
    modelType: 'gemma',
    className: 'GemmaForCausalLM',
    normsPlusOne: true,
    reads: [RMS],
    config: rms,
  },
  gemma2: {
    modelType: 'gemma2',
    className: 'Gemma2ForCausalLM',
    normsPlusOne: true,
    names: SANDWICH,
    reads: [RMS, 'attn_logit_softcapping', 'final_logit_softcapping', 'attention.sliding_window'],
    config: (model) => ({
      ...rms(model),
      attn_logit_softcapping: model.number('attn_logit_softcapping') ?? 50,
      final_logit_softcapping: model.number('final_logit_softcapping') ?? 30,
      sliding_window: model.number('attention.sliding_window') ?? 4096,
      query_pre_attn_scalar: queryScale(model, 46),
    }),
  },
  gemma3: {
    modelType: 'gemma3_text',
    className: 'Gemma3ForCausalLM',
    normsPlusOne: true,
    names: SANDWICH,
    reads: [RMS, 'final_logit_softcapping', 'attention.sliding_window', 'rope.freq_base_swa'],
    config: (model) => ({
      ...rms(model),
      ...(model.number('final_logit_softcapping')
        ? { final_logit_softcapping: model.number('final_logit_softcapping') }
        : {}),
      sliding_window: model.need('attention.sliding_window'),
      sliding_window_pattern: 6,
      rope_local_base_freq: model.number('rope.freq_base_swa') ?? 10_000,
      query_pre_attn_scalar: queryScale(model, 62),
    }),
  },
  phi3: {
    modelType: 'phi3',
    className: 'Phi3ForCausalLM',
    names: { attn_qkv: 'self_attn.qkv_proj', ffn_up: 'mlp.gate_up_proj' },
    reads: [RMS, 'attention.sliding_window', 'rope.scaling.attn_factor'],
    config: (model) => ({
      ...rms(model),
      sliding_window: model.number('attention.sliding_window') || null,
      original_max_position_embeddings:
        model.number('rope.scaling.original_context_length') ?? model.need('context_length'),
      ...partialRotation(model),
    }),
  },
  granite: {
    modelType: 'granite',
    className: 'GraniteForCausalLM',
    interleaved: true,
    reads: [RMS, 'attention.scale', 'embedding_scale', 'residual_scale', 'logit_scale'],
    config: (model) => ({
      ...rms(model),
      attention_multiplier: round32(model.number('attention.scale') ?? model.headSize ** -0.5),
      embedding_multiplier: round32(model.number('embedding_scale') ?? 1),
      residual_multiplier: round32(model.number('residual_scale') ?? 1),
      logits_scaling: round32(model.number('logit_scale') ?? 1),
    }),
  },
  olmo2: {
    modelType: 'olmo2',
    className: 'Olmo2ForCausalLM',
    names: { post_attention_norm: SANDWICH.post_attention_norm, post_ffw_norm: SANDWICH.post_ffw_norm },
    reads: [RMS],
    config: rms,
  },
  stablelm: {
    modelType: 'stablelm',
    className: 'StableLmForCausalLM',
    reads: ['attention.layer_norm_epsilon', 'use_parallel_residual'],
    config: (model) => ({
      layer_norm_eps: round32(model.need('attention.layer_norm_epsilon')),
      use_qkv_bias: biased(model, 'attn_q'),
      use_parallel_residual: model.flag('use_parallel_residual') ?? false,
      qk_layernorm: model.hasTensor('blk.0.attn_q_norm.weight'),
      ...partialRotation(model),
    }),
  },
  smollm3: {
    modelType: 'smollm3',
    className: 'SmolLM3ForCausalLM',
    interleaved: true,
    reads: [RMS],
    config: (model) => ({
      ...rms(model),
      // Every fourth layer has no rotation.
      no_rope_layer_interval: 4,
      no_rope_layers: Array.from({ length: model.need('block_count') }, (_, layer) => Number((layer + 1) % 4 !== 0)),
    }),
  },
};

/** `partial_rotary_factor` of architectures that turn only a part of each head. */
function partialRotation(model: GgufModel): Record<string, number> {
  const columns = model.number('rope.dimension_count') ?? model.headSize;
  return { partial_rotary_factor: columns / model.headSize };
}
