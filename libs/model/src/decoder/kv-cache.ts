import { attention, tf } from '@gmoe/tensor';
import { attentionOfLayer, type ModelConfig } from '../config/model-config.js';
import { sameRotation } from '../config/rope.js';
import { attentionOptions, masksByWindow, runLayers, type DecoderHooks, type Weights } from './decoder.js';
import { cacheMask, packedCausalMask } from './mask.js';
import { rotation, segmentLengths } from './rotary.js';

/** Rotated keys and values of past tokens, one pair per layer, in Z slots; slot z holds position z. */
export type KvCache = {
  /** [B, Z, J, P] each, J key heads. */
  readonly keys: readonly tf.Tensor4D[];
  readonly values: readonly tf.Tensor4D[];
};

/** Final hidden states with the cache that they leave. */
export interface CachedPass {
  readonly hidden_TD: tf.Tensor2D;
  readonly cache: KvCache;
}

/**
 * Runs the prompts and fills a cache of `slots` slots. Rows are padded at the end (segment 0); what padding leaves in the
 * cache is overwritten by the steps before they can see it.
 * ids [B, S], segments [B, S] of 1 and 0, int32; S <= slots.
 */
export function prefill(
  config: ModelConfig,
  weights: Weights,
  ids_BS: tf.Tensor2D,
  segments_BS: tf.Tensor2D,
  slots: number,
  hooks: DecoderHooks = {},
): CachedPass {
  const [batch, length] = ids_BS.shape;
  const positions_BS = positionsFromZero(batch, length);
  const mask = masksByWindow((window) => packedCausalMask({ ids_BS, positions_BS, segments_BS }, window));
  const rotate = rotation(config, positions_BS, length, () => segmentLengths(positions_BS, segments_BS));
  const keys: tf.Tensor4D[] = [];
  const values: tf.Tensor4D[] = [];
  const extend = (x: tf.Tensor4D): tf.Tensor4D =>
    slots === length
      ? x.clone()
      : tf.pad(x, [
          [0, 0],
          [0, slots - length],
          [0, 0],
          [0, 0],
        ]);
  const hidden_TD = runLayers(config, weights, ids_BS, rotate, hooks, (layer, q, k, v) => {
    keys[layer] = extend(k);
    values[layer] = extend(v);
    const window = attentionOfLayer(config, layer).slidingWindow;
    return attention(q, k, v, mask(window), attentionOptions(config));
  });
  return { hidden_TD, cache: { keys, values } };
}

/**
 * Runs one new token per row over the cache, and puts its key and value into the cache. The cache must be of a pass that still
 * holds at the new length, see `cacheHolds`.
 * ids [B], slots [B] int32: the position of the new token, one more than the last.
 */
export function decodeStep(
  config: ModelConfig,
  weights: Weights,
  cache: KvCache,
  ids_B: tf.Tensor1D,
  slots_B: tf.Tensor1D,
  hooks: DecoderHooks = {},
): CachedPass {
  const batch = ids_B.shape[0];
  const slots = cache.keys[0]!.shape[1];
  const column = (x: tf.Tensor1D): tf.Tensor2D => x.reshape([batch, 1]);
  const rotate = rotation(config, column(slots_B), slots, () => column(slots_B.add(tf.scalar(1, 'int32'))));
  const mask = masksByWindow((window) => cacheMask(slots_B, slots, window));
  const isNew_BZ11 = tf.oneHot(slots_B, slots, 1, 0, 'float32').reshape<tf.Tensor4D>([batch, slots, 1, 1]);
  const isOld_BZ11 = tf.sub<tf.Tensor4D>(1, isNew_BZ11);
  const keys: tf.Tensor4D[] = [];
  const values: tf.Tensor4D[] = [];
  const put = (old: tf.Tensor4D, fresh: tf.Tensor4D): tf.Tensor4D =>
    old.mul<tf.Tensor4D>(isOld_BZ11).add(fresh.mul(isNew_BZ11));
  const hidden_TD = runLayers(config, weights, column(ids_B), rotate, hooks, (layer, q, k, v) => {
    keys[layer] = put(cache.keys[layer]!, k);
    values[layer] = put(cache.values[layer]!, v);
    const window = attentionOfLayer(config, layer).slidingWindow;
    return attention(q, keys[layer]!, values[layer]!, mask(window), attentionOptions(config));
  });
  return { hidden_TD, cache: { keys, values } };
}

/**
 * Whether what was cached over `from` tokens is what a whole pass over `to` tokens would have computed: not where rotary frequencies
 * change with the length, since they change every layer's keys and values.
 */
export function cacheHolds(config: ModelConfig, from: number, to: number): boolean {
  return Array.from({ length: config.layers }, (_, layer) => attentionOfLayer(config, layer).rope).every(
    (rope) => !rope || sameRotation(rope, from, to),
  );
}

function positionsFromZero(batch: number, length: number): tf.Tensor2D {
  return tf.range(0, length, 1, 'int32').expandDims<tf.Tensor2D>(0).tile<tf.Tensor2D>([batch, 1]);
}
