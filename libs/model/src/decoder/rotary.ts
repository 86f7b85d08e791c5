import { tf } from '@gmoe/tensor';
import type { ModelConfig } from '../config/model-config.js';

/**
 * Rotary frequencies in radians per position, one for each pair of a head's columns [P/2]: `base^(-2i/P)`, for Llama 3.1
 * slowed down where the wavelength exceeds what the model was trained on.
 * Source: Su et al. 2021; transformers `_compute_llama3_parameters`.
 */
export function rotaryFrequencies(config: ModelConfig): Float64Array {
  const { headSize, ropeBase, ropeScaling } = config;
  const frequencies = Float64Array.from({ length: headSize / 2 }, (_, i) => ropeBase ** ((-2 * i) / headSize));
  if (!ropeScaling) return frequencies;
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalPositions } = ropeScaling;
  return frequencies.map((frequency) => {
    const turns = (originalPositions * frequency) / (2 * Math.PI);
    if (turns < lowFrequencyFactor) return frequency / factor;
    if (turns > highFrequencyFactor) return frequency;
    const smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    return ((1 - smooth) / factor + smooth) * frequency;
  });
}

/** Cosines and sines of one batch, each [B, S, 1, P]. */
export interface Rotary {
  readonly cos_BS1P: tf.Tensor4D;
  readonly sin_BS1P: tf.Tensor4D;
}

/**
 * Looks up each token's rotation in a table that is computed on the host in float64.
 * @param limit rows of the table: positions are below it
 */
export function rotaryAt(config: ModelConfig, positions_BS: tf.Tensor2D, limit: number): Rotary {
  const [batch, length] = positions_BS.shape;
  const { headSize } = config;
  const frequencies = rotaryFrequencies(config);
  const cos = new Float32Array(limit * headSize);
  const sin = new Float32Array(limit * headSize);
  for (let position = 0; position < limit; position++) {
    for (let column = 0; column < headSize; column++) {
      const angle = position * frequencies[column % (headSize / 2)]!;
      cos[position * headSize + column] = Math.cos(angle);
      sin[position * headSize + column] = Math.sin(angle);
    }
  }
  const ids_T = positions_BS.reshape<tf.Tensor1D>([batch * length]);
  const rows = (table: Float32Array): tf.Tensor4D =>
    tf.gather(tf.tensor2d(table, [limit, headSize]), ids_T).reshape([batch, length, 1, headSize]);
  return { cos_BS1P: rows(cos), sin_BS1P: rows(sin) };
}
