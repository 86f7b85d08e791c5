import { activation, defineFamily, positive } from '@gmoe/model';
import { z } from 'zod';

export const olmo2Family = defineFamily({
  modelType: 'olmo2',
  description: 'OLMo 2: norms after each part of a layer only, q and k normed over their whole width',
  architecture: 'Olmo2ForCausalLM',
  defaults: { max_position_embeddings: 2048 },
  fields: {
    hidden_act: activation('silu'),
    rms_norm_eps: positive.default(1e-5),
    attention_bias: z.boolean().default(false),
  },
  describe: ({ hidden_act, rms_norm_eps, attention_bias }) => ({
    activation: hidden_act,
    normEpsilon: rms_norm_eps,
    layerNorms: { afterAttention: 'post_attention_layernorm', afterFfn: 'post_feedforward_layernorm' },
    qkNorm: 'width',
    qkvBias: attention_bias,
    outputBias: attention_bias,
  }),
});
