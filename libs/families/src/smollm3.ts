import { UserError } from '@gmoe/core';
import {
  activation,
  defineFamily,
  layerTypes,
  positive,
  size,
  typesOfLayers,
  windowsOfLayers,
  type LayerAttention,
} from '@gmoe/model';
import { z } from 'zod';

/** Every fourth layer has no rotation; `no_rope_layers` holds 1 for a layer with rotation, 0 for one without. */
export const smollm3Family = defineFamily({
  modelType: 'smollm3',
  description: 'SmolLM3; some layers without rotation',
  architecture: 'SmolLM3ForCausalLM',
  defaults: { max_position_embeddings: 32_768, num_key_value_heads: 4, tie_word_embeddings: true },
  rope: { base: 2_000_000 },
  fields: {
    hidden_act: activation('silu'),
    rms_norm_eps: positive.default(1e-6),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    no_rope_layers: z.array(z.union([z.literal(0), z.literal(1)])).nullish(),
    no_rope_layer_interval: size.default(4),
    use_sliding_window: z.boolean().default(false),
    sliding_window: size.nullish(),
    layer_types: layerTypes,
  },
  describe(fields, core, { where }) {
    const layers = core.num_hidden_layers;
    const given = fields.no_rope_layers;
    if (given && given.length < layers) {
      throw new UserError(`${where}: no_rope_layers: has ${given.length} entries for ${layers} layers`);
    }
    const turns = (layer: number): boolean =>
      given ? given[layer] === 1 : (layer + 1) % fields.no_rope_layer_interval !== 0;
    const window = fields.use_sliding_window ? fields.sliding_window : null;
    const types = typesOfLayers(fields.layer_types, layers, (layer) => window != null && !turns(layer), where);
    const windows = windowsOfLayers(types, window, where);
    const windowOf = (layer: number): LayerAttention =>
      windows.layerAttention?.[layer] ?? (windows.slidingWindow ? { slidingWindow: windows.slidingWindow } : {});
    return {
      activation: fields.hidden_act,
      normEpsilon: fields.rms_norm_eps,
      qkvBias: fields.attention_bias,
      outputBias: fields.attention_bias,
      ffnBias: fields.mlp_bias,
      layerAttention: Array.from({ length: layers }, (_, layer) => ({
        ...windowOf(layer),
        ...(turns(layer) ? {} : { rope: null }),
      })),
    };
  },
});
