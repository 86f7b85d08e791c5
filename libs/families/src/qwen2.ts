import { defineFamily } from '@gmoe/model';
import { qwenFields, qwenWindows } from './qwen-fields.js';

export const qwen2Family = defineFamily({
  modelType: 'qwen2',
  description: 'Qwen2 and Qwen2.5; a bias on q, k and v',
  architecture: 'Qwen2ForCausalLM',
  defaults: { max_position_embeddings: 32_768, num_key_value_heads: 32 },
  fields: qwenFields,
  describe: (fields, core, { where }) => ({
    activation: fields.hidden_act,
    normEpsilon: fields.rms_norm_eps,
    qkvBias: true,
    ...qwenWindows(fields, core, where),
  }),
});
