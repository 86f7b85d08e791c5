import { rope, tf } from '@gmoe/tensor';
import { attentionOfLayer, type ModelConfig } from '../config/model-config.js';
import { rotaryFrequencies, rotaryMagnitude, rotatesByLength, type Rope } from '../config/rope.js';

/** Rotates a layer's queries or keys [B, S, H, P] by their positions. */
export type Rotate = (layer: number, x_BSHP: tf.Tensor4D) => tf.Tensor4D;

/** Cosines and sines of one batch, each [B, S, 1, columns that rotate]. */
interface Rotary {
  readonly cos_BS1P: tf.Tensor4D;
  readonly sin_BS1P: tf.Tensor4D;
}

/**
 * The rotation of each layer for tokens at these positions; layers of one rope share their tables.
 * @param limit positions are below it
 * @param lengths tokens of the sequence that each token belongs to [B, S] int32, asked for only where frequencies depend on it
 */
export function rotation(
  config: ModelConfig,
  positions_BS: tf.Tensor2D,
  limit: number,
  lengths: () => tf.Tensor2D,
): Rotate {
  const tables = new Map<Rope, Rotary>();
  return (layer, x_BSHP) => {
    const { rope: own } = attentionOfLayer(config, layer);
    if (!own) return x_BSHP;
    let rotary = tables.get(own);
    if (!rotary) {
      rotary = rotatesByLength(own, limit)
        ? rotaryByLength(own, config.headSize, positions_BS, limit, lengths())
        : rotaryAt(own, config.headSize, positions_BS, limit);
      tables.set(own, rotary);
    }
    const columns = own.columns ?? config.headSize;
    if (columns === config.headSize) return rope(x_BSHP, rotary.cos_BS1P, rotary.sin_BS1P);
    const [turning, still] = tf.split(x_BSHP, [columns, config.headSize - columns], -1) as [tf.Tensor4D, tf.Tensor4D];
    return tf.concat([rope(turning, rotary.cos_BS1P, rotary.sin_BS1P), still], -1);
  };
}

/** Looks up each token's rotation in a table that is computed on the host in float64. */
function rotaryAt(own: Rope, headSize: number, positions_BS: tf.Tensor2D, limit: number): Rotary {
  const [batch, length] = positions_BS.shape;
  const columns = own.columns ?? headSize;
  const frequencies = rotaryFrequencies(own, headSize);
  const magnitude = rotaryMagnitude(own);
  const cos = new Float32Array(limit * columns);
  const sin = new Float32Array(limit * columns);
  for (let position = 0; position < limit; position++) {
    for (let column = 0; column < columns; column++) {
      const angle = position * frequencies[column % (columns / 2)]!;
      cos[position * columns + column] = magnitude * Math.cos(angle);
      sin[position * columns + column] = magnitude * Math.sin(angle);
    }
  }
  const ids_T = positions_BS.reshape<tf.Tensor1D>([batch * length]);
  const rows = (table: Float32Array): tf.Tensor4D =>
    tf.gather(tf.tensor2d(table, [limit, columns]), ids_T).reshape([batch, length, 1, columns]);
  return { cos_BS1P: rows(cos), sin_BS1P: rows(sin) };
}

/** As `rotaryAt`, with the frequencies that belong to each token's sequence; angles in float32, as in transformers. */
function rotaryByLength(
  own: Rope,
  headSize: number,
  positions_BS: tf.Tensor2D,
  limit: number,
  lengths_BS: tf.Tensor2D,
): Rotary {
  const [batch, length] = positions_BS.shape;
  const half = (own.columns ?? headSize) / 2;
  const table = new Float32Array((limit + 1) * half);
  for (let row = 0; row <= limit; row++) table.set(rotaryFrequencies(own, headSize, row), row * half);
  const frequencies_TP = tf.gather(
    tf.tensor2d(table, [limit + 1, half]),
    lengths_BS.reshape<tf.Tensor1D>([batch * length]),
  );
  const angles_TP = tf
    .cast(positions_BS, 'float32')
    .reshape([batch * length, 1])
    .mul(frequencies_TP);
  const shaped = (x_TP: tf.Tensor): tf.Tensor4D =>
    tf
      .concat([x_TP, x_TP], -1)
      .mul(rotaryMagnitude(own))
      .reshape([batch, length, 1, 2 * half]);
  return { cos_BS1P: shaped(tf.cos(angles_TP)), sin_BS1P: shaped(tf.sin(angles_TP)) };
}

/** Tokens of each token's segment: one more than its last position. positions, segments [B, S] -> [B, S] int32. */
export function segmentLengths(positions_BS: tf.Tensor2D, segments_BS: tf.Tensor2D): tf.Tensor2D {
  const together_BSS = tf.equal(segments_BS.expandDims(2), segments_BS.expandDims(1));
  const positions_B1S = tf.cast(positions_BS, 'float32').expandDims(1);
  return tf.cast(tf.cast(together_BSS, 'float32').mul(positions_B1S).max(-1).add(1), 'int32') as tf.Tensor2D;
}
