import { defineFamily } from '@gmoe/model';
import { z } from 'zod';
import { qwenFields, qwenWindows } from './qwen-fields.js';

export const qwen3Family = defineFamily({
  modelType: 'qwen3',
  description: 'Qwen3, dense; q and k normed in each head',
  architecture: 'Qwen3ForCausalLM',
  defaults: { max_position_embeddings: 32_768, num_key_value_heads: 32, head_dim: 128 },
  fields: { ...qwenFields, attention_bias: z.boolean().default(false) },
  describe: (fields, core, { where }) => ({
    activation: fields.hidden_act,
    normEpsilon: fields.rms_norm_eps,
    qkNorm: 'head',
    qkvBias: fields.attention_bias,
    outputBias: fields.attention_bias,
    ...qwenWindows(fields, core, where),
  }),
});
