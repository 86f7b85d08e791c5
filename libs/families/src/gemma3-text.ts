import { parseOptions } from '@gmoe/core';
import {
  activation,
  defineFamily,
  layerTypes,
  only,
  positive,
  readRope,
  size,
  typesOfLayers,
  windowsOfLayers,
  type CoreFields,
  type Rope,
} from '@gmoe/model';
import { z } from 'zod';
import { SANDWICH_NORMS } from './gemma-norms.js';

/** `rope_parameters` as transformers 5 writes them here: one for each layer type. */
const ropesByType = z.strictObject({
  full_attention: z.record(z.string(), z.unknown()).nullish(),
  sliding_attention: z.record(z.string(), z.unknown()).nullish(),
});

/** Gemma 2's cap of scores is refused: transformers keeps the field here and does not apply it. */
export const gemma3TextFamily = defineFamily({
  modelType: 'gemma3_text',
  description: 'Gemma 3, text: q and k normed in each head, five layers with a window and a local rope to one without',
  architecture: 'Gemma3ForCausalLM',
  defaults: { max_position_embeddings: 131_072, num_key_value_heads: 4, head_dim: 256, tie_word_embeddings: true },
  fields: {
    hidden_activation: activation('gelu_pytorch_tanh'),
    rms_norm_eps: positive.default(1e-6),
    attention_bias: z.boolean().default(false),
    query_pre_attn_scalar: positive.default(256),
    final_logit_softcapping: positive.nullish(),
    sliding_window: size.nullable().default(4096),
    sliding_window_pattern: size.default(6),
    rope_local_base_freq: positive.nullish(),
    layer_types: layerTypes,
    use_bidirectional_attention: only(false, 'attention is causal'),
  },
  describe(fields, core, { headSize, where }) {
    const slides = (layer: number): boolean => (layer + 1) % fields.sliding_window_pattern !== 0;
    const types = typesOfLayers(fields.layer_types, core.num_hidden_layers, slides, where);
    const { global, local } = readRopes(core, fields.rope_local_base_freq, headSize, where);
    const windows = windowsOfLayers(types, fields.sliding_window, where);
    return {
      activation: fields.hidden_activation,
      norm: 'rms-plus-one',
      normEpsilon: fields.rms_norm_eps,
      layerNorms: SANDWICH_NORMS,
      qkNorm: 'head',
      embeddingScale: Math.sqrt(core.hidden_size),
      attentionScale: fields.query_pre_attn_scalar ** -0.5,
      ...(fields.final_logit_softcapping ? { logitsSoftcap: fields.final_logit_softcapping } : {}),
      qkvBias: fields.attention_bias,
      outputBias: fields.attention_bias,
      rope: global,
      layerAttention: types.map((type, layer) => ({
        ...(windows.layerAttention?.[layer] ?? (windows.slidingWindow ? { slidingWindow: windows.slidingWindow } : {})),
        ...(type === 'sliding_attention' ? { rope: local } : {}),
      })),
    };
  },
});

function readRopes(
  core: CoreFields,
  localBase: number | null | undefined,
  headSize: number,
  where: string,
): { readonly global: Rope; readonly local: Rope } {
  const byType = parseOptions(ropesByType, core.rope_parameters ?? {}, `${where}: rope_parameters`);
  return {
    global: readRope({ ...core, rope_parameters: byType.full_attention }, headSize, where, { base: 1_000_000 }),
    local: readRope(
      {
        max_position_embeddings: core.max_position_embeddings,
        rope_parameters: byType.sliding_attention,
        rope_theta: localBase,
      },
      headSize,
      where,
    ),
  };
}
