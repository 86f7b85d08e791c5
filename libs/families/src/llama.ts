import { activation, defineFamily, positive } from '@gmoe/model';
import { z } from 'zod';

export const llamaFamily = defineFamily({
  modelType: 'llama',
  description: 'Llama 2 and 3, Yi, SmolLM and SmolLM2, TinyLlama, Vicuna',
  architecture: 'LlamaForCausalLM',
  defaults: { max_position_embeddings: 2048 },
  fields: {
    hidden_act: activation('silu'),
    rms_norm_eps: positive.default(1e-6),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
  },
  describe: ({ hidden_act, rms_norm_eps, attention_bias, mlp_bias }) => ({
    activation: hidden_act,
    normEpsilon: rms_norm_eps,
    qkvBias: attention_bias,
    outputBias: attention_bias,
    ffnBias: mlp_bias,
  }),
});
