import { UserError } from '@gmoe/core';
import { activation, defineFamily, only, positive } from '@gmoe/model';
import { z } from 'zod';

export const stablelmFamily = defineFamily({
  modelType: 'stablelm',
  description: 'StableLM 3B, StableLM 2 1.6B and Zephyr: LayerNorm with bias, a quarter of each head turns',
  architecture: 'StableLmForCausalLM',
  defaults: { max_position_embeddings: 4096, num_key_value_heads: 32 },
  rope: { partial: 0.25 },
  fields: {
    hidden_act: activation('silu'),
    layer_norm_eps: positive.default(1e-5),
    use_qkv_bias: z.boolean().default(false),
    qk_layernorm: only(false, 'a norm for each head (StableLM 2 12B)'),
    use_parallel_residual: only(false, 'attention and FFN side by side (StableLM 2 12B)'),
  },
  describe({ hidden_act, layer_norm_eps, use_qkv_bias }, core, { where }) {
    const width = core.hidden_size / core.num_attention_heads;
    if (core.head_dim != null && core.head_dim !== width) {
      throw new UserError(`${where}: head_dim: ${core.head_dim} is not hidden_size over heads, ${width}; leave it out`);
    }
    return { activation: hidden_act, norm: 'layer', normEpsilon: layer_norm_eps, qkvBias: use_qkv_bias };
  },
});
