import type { ModelConfig } from './model-config.js';

const ARCHITECTURES: Record<ModelConfig['family'], string> = {
  llama: 'LlamaForCausalLM',
  mistral: 'MistralForCausalLM',
  qwen2: 'Qwen2ForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
};

/** The `config.json` of a model, as Hugging Face transformers reads it; `parseModelConfig` gives the config back. */
export function toConfigJson(config: ModelConfig): Record<string, unknown> {
  const { ropeScaling, slidingWindow, family } = config;
  return {
    architectures: [ARCHITECTURES[family]],
    model_type: family,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.ffnSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headSize,
    hidden_act: 'silu',
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.ropeBase,
    ...(ropeScaling
      ? {
          rope_scaling: {
            rope_type: 'llama3',
            factor: ropeScaling.factor,
            low_freq_factor: ropeScaling.lowFrequencyFactor,
            high_freq_factor: ropeScaling.highFrequencyFactor,
            original_max_position_embeddings: ropeScaling.originalPositions,
          },
        }
      : {}),
    max_position_embeddings: config.maxPositions,
    tie_word_embeddings: config.tiedEmbeddings,
    ...(family === 'llama' || family === 'qwen3' ? { attention_bias: config.outputBias } : {}),
    ...(family === 'llama' ? { mlp_bias: config.ffnBias } : {}),
    ...(slidingWindow
      ? {
          sliding_window: slidingWindow,
          ...(family === 'mistral' ? {} : { use_sliding_window: true, max_window_layers: 0 }),
        }
      : family === 'mistral'
        ? { sliding_window: null }
        : {}),
    ...(config.bosId === undefined ? {} : { bos_token_id: config.bosId }),
    ...(config.eosId === undefined ? {} : { eos_token_id: config.eosId }),
    torch_dtype: 'float32',
  };
}
