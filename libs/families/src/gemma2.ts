import {
  activation,
  defineFamily,
  layerTypes,
  only,
  positive,
  size,
  typesOfLayers,
  windowsOfLayers,
} from '@gmoe/model';
import { z } from 'zod';
import { SANDWICH_NORMS } from './gemma-norms.js';

export const gemma2Family = defineFamily({
  modelType: 'gemma2',
  description: 'Gemma 2: norms before and after each part, capped scores and logits, a window in every other layer',
  architecture: 'Gemma2ForCausalLM',
  defaults: { max_position_embeddings: 8192, num_key_value_heads: 4, head_dim: 256, tie_word_embeddings: true },
  fields: {
    hidden_activation: activation('gelu_pytorch_tanh'),
    hidden_act: z.enum(['gelu_pytorch_tanh', 'gelu']).nullish(),
    rms_norm_eps: positive.default(1e-6),
    attention_bias: z.boolean().default(false),
    query_pre_attn_scalar: positive.default(256),
    attn_logit_softcapping: positive.nullable().default(50),
    final_logit_softcapping: positive.nullable().default(30),
    sliding_window: size.nullable().default(4096),
    layer_types: layerTypes,
    use_bidirectional_attention: only(false, 'attention is causal'),
  },
  describe(fields, core, { where }) {
    const types = typesOfLayers(fields.layer_types, core.num_hidden_layers, (layer) => layer % 2 === 0, where);
    return {
      activation: fields.hidden_activation,
      norm: 'rms-plus-one',
      normEpsilon: fields.rms_norm_eps,
      layerNorms: SANDWICH_NORMS,
      embeddingScale: Math.sqrt(core.hidden_size),
      attentionScale: fields.query_pre_attn_scalar ** -0.5,
      ...(fields.attn_logit_softcapping === null ? {} : { attentionSoftcap: fields.attn_logit_softcapping }),
      ...(fields.final_logit_softcapping === null ? {} : { logitsSoftcap: fields.final_logit_softcapping }),
      qkvBias: fields.attention_bias,
      outputBias: fields.attention_bias,
      ...windowsOfLayers(types, fields.sliding_window, where),
    };
  },
});
