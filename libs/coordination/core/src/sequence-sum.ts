import { tf } from '@gmoe/tensor';
import type { CoordinationContext } from './strategy.js';

/** What each token's own sequence holds. Rows of padding are 0. */
export interface SequenceSums {
  /** Sums over the token's sequence. [T, E] */
  readonly sum_TE: tf.Tensor2D;
  /** Tokens of that sequence. [T] */
  readonly length_T: tf.Tensor1D;
  /** 1 / length, so that a sum over tokens counts each sequence once; 0 for padding. [T] */
  readonly once_T: tf.Tensor1D;
}

/**
 * Sums over the sequence (the example) that a token belongs to, told at each of its tokens. Sequences end with their row, so that
 * only tokens of a row are compared, [B, S, S]. Without segments all real tokens are one sequence. x [T, E] -> [T, E].
 */
export function sequenceSum(
  x_TE: tf.Tensor2D,
  { segments_BS, tokenMask_T }: Pick<CoordinationContext, 'segments_BS' | 'tokenMask_T'>,
): SequenceSums {
  const [tokens, experts] = x_TE.shape;
  const marks_BS = segments_BS ?? (tokenMask_T.reshape([1, tokens]).cast('int32') as tf.Tensor2D);
  const [rows, length] = marks_BS.shape;
  const real_BS1 = tokenMask_T.reshape([rows, length, 1]);
  const same_BSS = tf.equal(marks_BS.expandDims(2), marks_BS.expandDims(1)).cast('float32').mul<tf.Tensor3D>(real_BS1);
  const sum_BSE = tf.matMul(same_BSS, x_TE.reshape<tf.Tensor3D>([rows, length, experts]).mul<tf.Tensor3D>(real_BS1));
  const length_T = same_BSS.sum(2).reshape<tf.Tensor1D>([tokens]);
  return {
    sum_TE: sum_BSE.reshape([tokens, experts]),
    length_T,
    once_T: tokenMask_T.div(tf.maximum(length_T, 1)),
  };
}
