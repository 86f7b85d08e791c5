import { UserError } from '@gmoe/core';
import { activation, defineFamily, layerTypes, positive, size, typesOfLayers, windowsOfLayers } from '@gmoe/model';

/** Every layer has the window, or none: `layer_types` must say the same, since transformers does not look at them here. */
export const mistralFamily = defineFamily({
  modelType: 'mistral',
  description: 'Mistral 7B and Nemo, Zephyr; a sliding window in all layers or none',
  architecture: 'MistralForCausalLM',
  defaults: { max_position_embeddings: 131_072, num_key_value_heads: 8 },
  fields: {
    hidden_act: activation('silu'),
    rms_norm_eps: positive.default(1e-6),
    sliding_window: size.nullable().default(4096),
    layer_types: layerTypes,
  },
  describe({ hidden_act, rms_norm_eps, sliding_window, layer_types }, core, { where }) {
    const layers = core.num_hidden_layers;
    const types = typesOfLayers(undefined, layers, () => sliding_window !== null, where);
    if (layer_types?.some((type, layer) => type !== types[layer])) {
      throw new UserError(
        `${where}: layer_types: layers of model_type mistral are all '${types[0]}' with sliding_window ${sliding_window}; leave layer_types out (got ${JSON.stringify(layer_types)})`,
      );
    }
    return { activation: hidden_act, normEpsilon: rms_norm_eps, ...windowsOfLayers(types, sliding_window, where) };
  },
});
