import type { Build } from '@gmoe/core';
import type { tf } from '@gmoe/tensor';
import { coefficientOf, type CoefficientOptions } from './coefficient.js';
import type { CoordinationContext, CoordinationStrategy, LayerRouting } from './strategy.js';
import { meanOf } from './token-mean.js';

/** A strategy without parameters, state and metrics: a loss of each routed layer, the mean over layers. */
export function layerLoss(
  id: string,
  weight: CoefficientOptions,
  build: Build,
  lossOf: (layer: LayerRouting, context: CoordinationContext) => tf.Tensor,
): CoordinationStrategy {
  return {
    id,
    ...coefficientOf(weight, build),
    init: () => ({ trainable: {}, state: {} }),
    loss: (_, context) => ({
      loss: meanOf(context.layers.map((layer) => lossOf(layer, context))),
      metrics: {},
      state: {},
    }),
  };
}
