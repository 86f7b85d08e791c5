import { tf } from '@gmoe/tensor';
import type { DecoderBatch } from './decoder.js';

/** Added to the scores of what a token must not see: exp of it is 0 in float32, and no row turns into NaN. */
const HIDDEN = -1e9;

/**
 * The block-diagonal causal mask of packed sequences, 0 or -1e9 [B, 1, S, S]: token s sees token z if z <= s, both are of
 * one segment (or z is of the segment that s shares), and z is less than `window` positions back. Padding (segment 0)
 * sees only padding.
 *
 * @param padding `tokens`: padding sees the row's tokens before it and no padding, not even itself, as in the authors' code; it
 *   matters only where padding is a target of the loss
 */
export function packedCausalMask(
  batch: DecoderBatch,
  window?: number,
  padding: 'padding' | 'tokens' = 'padding',
): tf.Tensor4D {
  const { segments_BS, positions_BS, sharedSegments_BS } = batch;
  const [rows, length] = segments_BS.shape;
  let joined_BSS = tf.equal(segments_BS.expandDims(2), segments_BS.expandDims(1));
  if (sharedSegments_BS) {
    const shares_BS1 = sharedSegments_BS.greater(tf.scalar(0, 'int32')).expandDims(2);
    const shared_BSS = tf.equal(sharedSegments_BS.expandDims(2), segments_BS.expandDims(1)).logicalAnd(shares_BS1);
    joined_BSS = joined_BSS.logicalOr(shared_BSS);
  }
  if (padding === 'tokens') {
    const isToken_BS = segments_BS.greater(tf.scalar(0, 'int32'));
    const isPadding_BS1 = isToken_BS.logicalNot().expandDims(2);
    joined_BSS = joined_BSS.logicalOr(isPadding_BS1).logicalAnd(isToken_BS.expandDims(1));
  }
  if (window !== undefined && window < length) {
    const distance_BSS = positions_BS.expandDims(2).sub(positions_BS.expandDims(1));
    joined_BSS = joined_BSS.logicalAnd(distance_BSS.less(tf.scalar(window, 'int32')));
  }
  const index_S = tf.range(0, length, 1, 'int32');
  const causal_SS = index_S.expandDims(1).greaterEqual(index_S.expandDims(0));
  return hide(joined_BSS.logicalAnd(causal_SS.expandDims(0))).reshape([rows, 1, length, length]);
}

/**
 * The mask of one new token over a cache and, behind it, itself: slot z is visible if z < last and last - z < window, the token
 * always. last [B] int32, the slot of the new token -> [B, 1, 1, Z + 1].
 */
export function cacheMask(last_B: tf.Tensor1D, slots: number, window?: number): tf.Tensor4D {
  const distance_BZ = last_B.expandDims(1).sub(tf.range(0, slots, 1, 'int32').expandDims(0));
  let visible_BZ = distance_BZ.greater(tf.scalar(0, 'int32'));
  if (window !== undefined && window < slots) {
    visible_BZ = visible_BZ.logicalAnd(distance_BZ.less(tf.scalar(window, 'int32')));
  }
  const itself_B1 = tf.zeros<tf.Rank.R2>([last_B.shape[0], 1]);
  return tf.concat([hide(visible_BZ), itself_B1], 1).reshape([last_B.shape[0], 1, 1, slots + 1]);
}

function hide(visible: tf.Tensor): tf.Tensor {
  return tf.cast(visible, 'float32').sub(1).mul(-HIDDEN);
}
