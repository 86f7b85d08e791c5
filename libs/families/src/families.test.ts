import { countParameters, parseModelConfig, type ModelConfig } from '@gmoe/model';
import { describe, expect, it } from 'vitest';
import { families } from './index.js';

const parse = (json: object): ModelConfig => parseModelConfig(json, families);

/** Qwen/Qwen2.5-0.5B */
const QWEN = {
  model_type: 'qwen2',
  architectures: ['Qwen2ForCausalLM'],
  hidden_act: 'silu',
  hidden_size: 896,
  intermediate_size: 4864,
  max_position_embeddings: 32768,
  max_window_layers: 24,
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000.0,
  sliding_window: 32768,
  tie_word_embeddings: true,
  use_sliding_window: false,
  vocab_size: 151936,
  bos_token_id: 151643,
  eos_token_id: 151643,
};

/** meta-llama/Llama-3.1-8B */
const LLAMA31 = {
  model_type: 'llama',
  hidden_size: 4096,
  intermediate_size: 14336,
  max_position_embeddings: 131072,
  num_attention_heads: 32,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-5,
  rope_scaling: {
    factor: 8.0,
    low_freq_factor: 1.0,
    high_freq_factor: 4.0,
    original_max_position_embeddings: 8192,
    rope_type: 'llama3',
  },
  rope_theta: 500000.0,
  tie_word_embeddings: false,
  vocab_size: 128256,
  eos_token_id: [128001, 128008, 128009],
};

describe('parseModelConfig', () => {
  it('reads published configs: parameter counts are those of the model cards', () => {
    const qwen = parse(QWEN);
    expect(qwen).toMatchObject({ qkvBias: true, outputBias: false, tiedEmbeddings: true, headSize: 64, kvHeads: 2 });
    expect(qwen.slidingWindow).toBeUndefined();
    expect(countParameters(qwen)).toBe(494_032_768);
    const llama = parse(LLAMA31);
    expect(llama).toMatchObject({ qkvBias: false, eosId: 128001, json: LLAMA31 });
    expect(llama.rope).toEqual({
      base: 500_000,
      scaling: { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositions: 8192 },
    });
    expect(countParameters(llama)).toBe(8_030_261_248);
    const mistral = parse({ ...LLAMA31, model_type: 'mistral', rope_scaling: null, sliding_window: 4096 });
    expect(mistral.slidingWindow).toBe(4096);
    expect(parse({ ...LLAMA31, model_type: 'mistral', rope_scaling: null, sliding_window: null }).slidingWindow).toBe(
      undefined,
    );
  });

  it('reads what transformers 5 writes, and its defaults where a field is left out', () => {
    const llama = { ...LLAMA31, rope_theta: undefined, rope_scaling: undefined };
    const moved = { ...llama, rope_parameters: { ...LLAMA31.rope_scaling, rope_theta: 500000.0 } };
    expect(parse(moved).rope).toEqual(parse(LLAMA31).rope);
    const plain = { ...llama, rope_parameters: { rope_theta: 77, rope_type: 'default' } };
    expect(parse(plain).rope).toEqual({ base: 77 });
    const bare = { ...llama, num_key_value_heads: undefined, max_position_embeddings: undefined };
    expect(parse(bare)).toMatchObject({ kvHeads: 32, headSize: 128, maxPositions: 2048 });
    expect(parse({ ...bare, model_type: 'mistral' })).toMatchObject({
      kvHeads: 8,
      maxPositions: 131_072,
      slidingWindow: 4096,
    });
    expect(parse({ ...bare, model_type: 'qwen3', hidden_size: 2048 })).toMatchObject({ headSize: 128 });
    const qwen = { ...QWEN, use_sliding_window: true, max_window_layers: 0, sliding_window: 64 };
    const types = (type: string) => Array<string>(24).fill(type);
    expect(parse({ ...qwen, layer_types: types('sliding_attention') }).slidingWindow).toBe(64);
    expect(parse({ ...qwen, layer_types: types('full_attention') }).slidingWindow).toBeUndefined();
    const mixed = parse({ ...qwen, layer_types: [...types('full_attention').slice(1), 'sliding_attention'] });
    expect(mixed.layerAttention?.slice(22)).toEqual([{}, { slidingWindow: 64 }]);
    expect(mixed.slidingWindow).toBeUndefined();
  });

  it.each<[object, RegExp]>([
    [
      { model_type: 'gpt_neox' },
      /^config\.json: model_type: unknown architecture; known: gemma, .*llama, mistral, .*qwen2, qwen3/,
    ],
    [{ hidden_act: 'tanh' }, /hidden_act: known: silu, swish, gelu, .* \(got "tanh"\)/],
    [{ num_key_value_heads: 3 }, /num_key_value_heads: 3 does not divide num_attention_heads 14/],
    [{ num_attention_heads: 16, num_key_value_heads: 2, hidden_size: 900 }, /hidden_size: 900 over 16 heads/],
    [
      { rope_scaling: { rope_type: 'proportional', factor: 4 } },
      /rope_scaling\.rope_type: is not known here; known: default, linear, dynamic, .* \(got "proportional"\)/,
    ],
    [{ rope_scaling: { type: 'llama3', factor: 4 } }, /rope_scaling: low_freq_factor: is missing/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor: only full rotary/],
    [{ quantization_config: { bits: 4 } }, /quantization_config: quantized checkpoints are not read/],
    [{ vocab_size: 0 }, /vocab_size/],
  ])('refuses %j', (change, message) => {
    expect(() => parse({ ...QWEN, ...change })).toThrow(message);
  });
});
