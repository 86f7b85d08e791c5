import { tf } from '@gmoe/tensor';

/** Added to the scores of what a token must not see: exp of it is 0 in float32, and no row turns into NaN. */
const HIDDEN = -1e9;

/**
 * The block-diagonal causal mask of packed sequences, 0 or -1e9: token s sees token z if both are of one segment, z <= s,
 * and s - z < window. Padding (segment 0) sees only padding. segments [B, S] int32 -> [B, 1, S, S].
 */
export function packedCausalMask(segments_BS: tf.Tensor2D, window?: number): tf.Tensor4D {
  const [batch, length] = segments_BS.shape;
  const same_BSS = tf.equal(segments_BS.expandDims(2), segments_BS.expandDims(1));
  const index_S = tf.range(0, length, 1, 'int32');
  const distance_SS = index_S.expandDims(1).sub(index_S.expandDims(0));
  let visible_SS = distance_SS.greaterEqual(tf.scalar(0, 'int32'));
  if (window !== undefined && window < length) {
    visible_SS = visible_SS.logicalAnd(distance_SS.less(tf.scalar(window, 'int32')));
  }
  return hide(same_BSS.logicalAnd(visible_SS.expandDims(0))).reshape([batch, 1, length, length]);
}

/**
 * The mask of one new token over a cache: slot z is visible if z <= last and last - z < window.
 * last [B] int32, the slot of the new token -> [B, 1, 1, Z].
 */
export function cacheMask(last_B: tf.Tensor1D, slots: number, window?: number): tf.Tensor4D {
  const distance_BZ = last_B.expandDims(1).sub(tf.range(0, slots, 1, 'int32').expandDims(0));
  let visible_BZ = distance_BZ.greaterEqual(tf.scalar(0, 'int32'));
  if (window !== undefined && window < slots) {
    visible_BZ = visible_BZ.logicalAnd(distance_BZ.less(tf.scalar(window, 'int32')));
  }
  return hide(visible_BZ).reshape([last_B.shape[0], 1, 1, slots]);
}

function hide(visible: tf.Tensor): tf.Tensor {
  return tf.cast(visible, 'float32').sub(1).mul(-HIDDEN);
}
