import { activation, defineFamily, only, positive } from '@gmoe/model';
import { z } from 'zod';

/** Published configs say `gelu` and mean its tanh form, which transformers takes in its place. */
export const gemmaFamily = defineFamily({
  modelType: 'gemma',
  description: 'Gemma 1: scaled embeddings, norms of 1 + w, GeGLU',
  architecture: 'GemmaForCausalLM',
  defaults: { max_position_embeddings: 8192, num_key_value_heads: 16, head_dim: 256, tie_word_embeddings: true },
  fields: {
    hidden_act: activation('gelu_pytorch_tanh'),
    hidden_activation: z.enum(['gelu_pytorch_tanh', 'gelu']).nullish(),
    rms_norm_eps: positive.default(1e-6),
    attention_bias: z.boolean().default(false),
    use_bidirectional_attention: only(false, 'attention is causal'),
  },
  describe: ({ hidden_act, rms_norm_eps, attention_bias }, core) => ({
    activation: hidden_act === 'gelu' ? 'gelu-tanh' : hidden_act,
    norm: 'rms-plus-one',
    normEpsilon: rms_norm_eps,
    embeddingScale: Math.sqrt(core.hidden_size),
    qkvBias: attention_bias,
    outputBias: attention_bias,
  }),
});
