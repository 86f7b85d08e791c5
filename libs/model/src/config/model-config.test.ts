import { describe, expect, it } from 'vitest';
import { GOLDEN_MODELS, loadGoldenModel } from '../testing/golden-model.js';
import { toConfigJson } from './config-json.js';
import { parseModelConfig } from './model-config.js';
import { countParameters } from './weight-shapes.js';

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
    const qwen = parseModelConfig(QWEN);
    expect(qwen).toMatchObject({ qkvBias: true, outputBias: false, tiedEmbeddings: true, headSize: 64, kvHeads: 2 });
    expect(qwen.slidingWindow).toBeUndefined();
    expect(countParameters(qwen)).toBe(494_032_768);
    const llama = parseModelConfig(LLAMA31);
    expect(llama).toMatchObject({ qkvBias: false, eosId: 128001, ropeScaling: { factor: 8, originalPositions: 8192 } });
    expect(countParameters(llama)).toBe(8_030_261_248);
    const mistral = parseModelConfig({ ...LLAMA31, model_type: 'mistral', rope_scaling: null, sliding_window: 4096 });
    expect(mistral.slidingWindow).toBe(4096);
    expect(
      parseModelConfig({ ...LLAMA31, model_type: 'mistral', rope_scaling: null, sliding_window: null }).slidingWindow,
    ).toBe(undefined);
  });

  it('reads what transformers 5 writes, and its defaults where a field is left out', () => {
    const llama = { ...LLAMA31, rope_theta: undefined, rope_scaling: undefined };
    const moved = { ...llama, rope_parameters: { ...LLAMA31.rope_scaling, rope_theta: 500000.0 } };
    expect(parseModelConfig(moved)).toEqual(parseModelConfig(LLAMA31));
    const plain = { ...llama, rope_parameters: { rope_theta: 77, rope_type: 'default' } };
    expect(parseModelConfig(plain)).toMatchObject({ ropeBase: 77 });
    expect(parseModelConfig(plain)).not.toHaveProperty('ropeScaling');
    expect(() => parseModelConfig({ ...llama, rope_parameters: { rope_type: 'yarn' } })).toThrow(
      /rope_parameters\.rope_type: 'yarn'/,
    );
    const bare = { ...llama, num_key_value_heads: undefined, max_position_embeddings: undefined };
    expect(parseModelConfig(bare)).toMatchObject({ kvHeads: 32, headSize: 128, maxPositions: 2048 });
    expect(parseModelConfig({ ...bare, model_type: 'mistral' })).toMatchObject({
      kvHeads: 8,
      maxPositions: 131_072,
      slidingWindow: 4096,
    });
    expect(parseModelConfig({ ...bare, model_type: 'qwen3', hidden_size: 2048 })).toMatchObject({ headSize: 128 });
    const qwen = { ...QWEN, use_sliding_window: true, max_window_layers: 0, sliding_window: 64 };
    const types = (type: string) => Array<string>(24).fill(type);
    expect(parseModelConfig({ ...qwen, layer_types: types('sliding_attention') }).slidingWindow).toBe(64);
    expect(parseModelConfig({ ...qwen, layer_types: types('full_attention') }).slidingWindow).toBeUndefined();
    expect(() =>
      parseModelConfig({ ...qwen, layer_types: [...types('full_attention').slice(1), 'sliding_attention'] }),
    ).toThrow(/layer_types: 23 full and 1 sliding layers are mixed/);
  });

  it('comes back from the config.json that is written', async () => {
    for (const name of GOLDEN_MODELS) {
      const { config } = await loadGoldenModel(name);
      expect(parseModelConfig(toConfigJson(config))).toEqual(config);
    }
    const windowed = parseModelConfig({ ...QWEN, use_sliding_window: true, max_window_layers: 0, sliding_window: 128 });
    expect(windowed.slidingWindow).toBe(128);
    expect(parseModelConfig(toConfigJson(windowed))).toEqual(windowed);
  });

  it.each<[object, RegExp]>([
    [
      { model_type: 'gpt_neox' },
      /^config\.json: model_type: unknown architecture; known: llama, mistral, qwen2, qwen3/,
    ],
    [{ hidden_act: 'gelu' }, /hidden_act: only silu is known \(got "gelu"\)/],
    [{ num_key_value_heads: 3 }, /num_key_value_heads: 3 does not divide num_attention_heads 14/],
    [{ num_attention_heads: 16, num_key_value_heads: 2, hidden_size: 900 }, /hidden_size: 900 over 16 heads/],
    [
      { rope_scaling: { rope_type: 'yarn', factor: 4 } },
      /rope_type: 'yarn' is not implemented; known: default, llama3/,
    ],
    [{ rope_scaling: { type: 'llama3', factor: 4 } }, /rope_scaling\.low_freq_factor: missing/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor: only full rotary/],
    [{ quantization_config: { bits: 4 } }, /quantization_config: quantized checkpoints are not read/],
    [
      { use_sliding_window: true, max_window_layers: 12, sliding_window: 64 },
      /max_window_layers: 12 full and 12 sliding layers are mixed/,
    ],
    [{ vocab_size: 0 }, /vocab_size/],
  ])('refuses %j', (change, message) => {
    expect(() => parseModelConfig({ ...QWEN, ...change })).toThrow(message);
  });
});
