import { z } from 'zod';
import { activation, positive, size } from '../family/config-fields.js';
import { describeFamily } from '../family/describe-family.js';
import type { ModelFamily } from '../family/model-family.js';

/** Families of the models in this folder, without the checks and defaults that the real ones have. */
export const testFamilies: readonly ModelFamily[] = (['llama', 'mistral', 'qwen2', 'qwen3'] as const).map((modelType) =>
  describeFamily({
    modelType,
    architecture: modelType,
    defaults: { max_position_embeddings: 2048 },
    fields: {
      hidden_act: activation('silu'),
      rms_norm_eps: positive.default(1e-6),
      attention_bias: z.boolean().default(modelType === 'qwen2'),
      mlp_bias: z.boolean().default(false),
      sliding_window: size.nullish(),
      use_sliding_window: z.boolean().nullish(),
      max_window_layers: z.int().nullish(),
      layer_types: z.array(z.string()).nullish(),
    },
    describe: (fields) => ({
      activation: fields.hidden_act,
      normEpsilon: fields.rms_norm_eps,
      qkvBias: fields.attention_bias,
      outputBias: modelType !== 'qwen2' && fields.attention_bias,
      ffnBias: fields.mlp_bias,
      qkNorm: modelType === 'qwen3' && 'head',
      ...(modelType === 'mistral' && fields.sliding_window ? { slidingWindow: fields.sliding_window } : {}),
    }),
  }),
);
