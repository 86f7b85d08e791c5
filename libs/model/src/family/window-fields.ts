import { UserError } from '@gmoe/core';
import type { LayerAttention, ModelConfig } from '../config/model-config.js';

type LayerType = 'full_attention' | 'sliding_attention';

/** Checks `layer_types` against the number of layers, or makes it by a rule where a config leaves it out. */
export function typesOfLayers(
  given: readonly LayerType[] | null | undefined,
  layers: number,
  isSliding: (layer: number) => boolean,
  where: string,
): readonly LayerType[] {
  if (given && given.length !== layers) {
    throw new UserError(`${where}: layer_types: has ${given.length} entries for ${layers} layers`);
  }
  return given ?? Array.from({ length: layers }, (_, i) => (isSliding(i) ? 'sliding_attention' : 'full_attention'));
}

/**
 * The windows of layers of these types: one for all, or by layer.
 * @throws UserError if layers slide and no window is given
 */
export function windowsOfLayers(
  types: readonly LayerType[],
  window: number | null | undefined,
  where: string,
): Pick<ModelConfig, 'slidingWindow' | 'layerAttention'> {
  const sliding = types.filter((type) => type === 'sliding_attention').length;
  if (sliding === 0) return {};
  if (window == null) {
    throw new UserError(
      `${where}: layer_types: ${sliding} of ${types.length} layers slide, but sliding_window (or use_sliding_window) turns windows off`,
    );
  }
  if (sliding === types.length) return { slidingWindow: window };
  return {
    layerAttention: types.map((type): LayerAttention =>
      type === 'sliding_attention' ? { slidingWindow: window } : {},
    ),
  };
}
