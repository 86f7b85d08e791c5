import { activation, defineFamily, positive } from '@gmoe/model';
import { z } from 'zod';

export const graniteFamily = defineFamily({
  modelType: 'granite',
  description: 'Granite 3, dense: multipliers of embeddings, scores, residuals and logits',
  architecture: 'GraniteForCausalLM',
  defaults: { max_position_embeddings: 2048 },
  fields: {
    hidden_act: activation('silu'),
    rms_norm_eps: positive.default(1e-6),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    embedding_multiplier: positive.default(1),
    attention_multiplier: positive.default(1),
    residual_multiplier: positive.default(1),
    logits_scaling: positive.default(1),
  },
  describe: (fields) => ({
    activation: fields.hidden_act,
    normEpsilon: fields.rms_norm_eps,
    qkvBias: fields.attention_bias,
    outputBias: fields.attention_bias,
    ffnBias: fields.mlp_bias,
    embeddingScale: fields.embedding_multiplier,
    attentionScale: fields.attention_multiplier,
    residualScale: fields.residual_multiplier,
    logitsDivisor: fields.logits_scaling,
  }),
});
