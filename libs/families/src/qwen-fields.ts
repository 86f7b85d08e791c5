import {
  activation,
  layerTypes,
  positive,
  size,
  typesOfLayers,
  windowsOfLayers,
  type CoreFields,
  type ModelConfig,
} from '@gmoe/model';
import { z } from 'zod';

/** What Qwen2 and Qwen3 have in common. */
export const qwenFields = {
  hidden_act: activation('silu'),
  rms_norm_eps: positive.default(1e-6),
  use_sliding_window: z.boolean().default(false),
  sliding_window: size.nullable().default(4096),
  max_window_layers: z.int().min(0).default(28),
  layer_types: layerTypes,
};

/** Layers from `max_window_layers` on slide, or those that `layer_types` names. */
export function qwenWindows(
  fields: z.output<z.ZodObject<typeof qwenFields>>,
  core: CoreFields,
  where: string,
): Pick<ModelConfig, 'slidingWindow' | 'layerAttention'> {
  const window = fields.use_sliding_window ? fields.sliding_window : null;
  const slides = (layer: number): boolean => window !== null && layer >= fields.max_window_layers;
  return windowsOfLayers(typesOfLayers(fields.layer_types, core.num_hidden_layers, slides, where), window, where);
}
