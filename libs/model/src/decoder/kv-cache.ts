import { attention, tf, type HostOf } from '@gmoe/tensor';
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

/** Final hidden states of the prompts with the cache that they leave. */
export interface CachedPass {
  readonly hidden_TD: tf.Tensor2D;
  readonly cache: KvCache;
}

/** Final hidden states of the new tokens with what they add to the cache. */
export interface DecodedStep {
  readonly hidden_TD: tf.Tensor2D;
  /** Key and value of each layer for the new token's slot: [B, 1, J, P] each. */
  readonly fresh: KvCache;
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
 * Runs one new token per row over the cache. The cache is read only: whoever keeps it writes the new key and value into their slot
 * (`writeSlot`), so that a step moves one slot and not the cache. It must be of a pass that still holds at the new length, see
 * `cacheHolds`.
 * ids [B], slots [B] int32: the position of the new token, one more than the last; slots from there on count for nothing.
 */
export function decodeStep(
  config: ModelConfig,
  weights: Weights,
  cache: KvCache,
  ids_B: tf.Tensor1D,
  slots_B: tf.Tensor1D,
  hooks: DecoderHooks = {},
): DecodedStep {
  const batch = ids_B.shape[0];
  const slots = cache.keys[0]!.shape[1];
  const column = (x: tf.Tensor1D): tf.Tensor2D => x.reshape([batch, 1]);
  const rotate = rotation(config, column(slots_B), slots, () => column(slots_B.add(tf.scalar(1, 'int32'))));
  const mask = masksByWindow((window) => cacheMask(slots_B, slots, window));
  const keys: tf.Tensor4D[] = [];
  const values: tf.Tensor4D[] = [];
  const hidden_TD = runLayers(config, weights, column(ids_B), rotate, hooks, (layer, q, k, v) => {
    keys[layer] = k;
    values[layer] = v;
    const known = tf.concat([cache.keys[layer]!, k], 1);
    const window = attentionOfLayer(config, layer).slidingWindow;
    return attention(q, known, tf.concat([cache.values[layer]!, v], 1), mask(window), attentionOptions(config));
  });
  return { hidden_TD, fresh: { keys, values } };
}

/** Writes what a step adds into a cache on the host that is the caller's own, at the slot of a row's new token. */
export function writeSlot(cache: HostOf<KvCache>, fresh: HostOf<KvCache>, slots: readonly number[]): void {
  for (const kind of ['keys', 'values'] as const) {
    cache[kind].forEach(({ data, shape }, layer) => {
      const width = shape[2]! * shape[3]!;
      slots.forEach((slot, row) => {
        const added = fresh[kind][layer]!.data.subarray(row * width, (row + 1) * width);
        data.set(added, (row * shape[1]! + slot) * width);
      });
    });
  }
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
