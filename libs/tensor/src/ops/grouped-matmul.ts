import { tf } from '../tf.js';
import { oneHot } from './top-k.js';

/** Rows of one block. Fewer waste fewer places on blocks that are not full; more make larger products. */
const BLOCK = 32;

/**
 * Rows that are sorted by group, each group in blocks of a fixed number of places, the last one filled up: shapes do not depend on how many
 * rows a group has. T rows, G groups, P places in J blocks.
 */
export interface RowGroups {
  readonly groups: number;
  /** Group of each block. [J] int32 */
  readonly groupOfBlock_J: tf.Tensor1D;
  /** Where each row stands. [T] int32 */
  readonly placeOf_T: tf.Tensor1D;
  /** Which row stands at a place; row 0 where none does. [P] int32 */
  readonly rowAt_P: tf.Tensor1D;
  /** 1 where a row stands, else 0. [P, 1] */
  readonly filled_P1: tf.Tensor2D;
}

/** Places that any `rows` rows in `groups` groups need. */
export function groupedPlaces(rows: number, groups: number): number {
  return BLOCK * Math.floor((rows + groups * (BLOCK - 1)) / BLOCK);
}

/** Sorts rows by group. groupOf [T] int32 below `groups`. */
export function groupRows(groupOf_T: tf.Tensor1D, groups: number): RowGroups {
  const rows = groupOf_T.shape[0];
  const places = groupedPlaces(rows, groups);
  const member_TG = oneHot(groupOf_T, groups) as tf.Tensor2D;
  // Counts are exact in float32 below 2^24.
  const blocks_G = tf.floor(
    member_TG
      .sum<tf.Tensor1D>(0)
      .add(BLOCK - 1)
      .div(BLOCK),
  );
  const ends_G = tf.cumsum(blocks_G);
  const before_TG = tf.cumsum(member_TG, 0, true).add(ends_G.sub(blocks_G).mul(BLOCK));
  const placeOf_T = member_TG.mul(before_TG).sum<tf.Tensor1D>(1).cast<tf.Tensor1D>('int32');
  const block_J1 = tf.range(0, places / BLOCK, 1, 'float32').expandDims(1);
  const groupOfBlock_J = tf.minimum(
    block_J1.greaterEqual(ends_G).cast<tf.Tensor2D>('float32').sum<tf.Tensor1D>(1),
    groups - 1,
  );
  const number_P = tf.scatterND(placeOf_T.expandDims(1), tf.range(1, rows + 1, 1, 'float32'), [places]);
  return {
    groups,
    groupOfBlock_J: groupOfBlock_J.cast('int32'),
    placeOf_T,
    rowAt_P: tf.maximum(number_P.sub(1), 0).cast('int32'),
    filled_P1: number_P.greater(0).cast<tf.Tensor>('float32').reshape([places, 1]),
  };
}

/**
 * A product with another matrix for each group of rows, `y_t = x_t w_g` (or `x_t w_g^T`), g the group of row t, for the work of one
 * matrix: grouped GEMM, as in MegaBlocks (Gale et al. 2023, arXiv 2211.15841), over blocks of rows. Differentiable in x and w.
 * x [T, I], w [G, I, O] (or [G, O, I]) -> [T, O].
 */
export function groupedMatMul(
  x_TI: tf.Tensor2D,
  weights: tf.Tensor3D,
  { groups, groupOfBlock_J, placeOf_T, rowAt_P, filled_P1 }: RowGroups,
  transposeB = false,
): tf.Tensor2D {
  return tf.customGrad((...given: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, w, save] = given as [tf.Tensor2D, tf.Tensor3D, tf.GradSaveFunc];
    save([x, w, groupOfBlock_J, placeOf_T, rowAt_P, filled_P1]);
    const y_JBO = tf.matMul(inBlocks(tf.gather(x, rowAt_P)), tf.gather(w, groupOfBlock_J), false, transposeB);
    return {
      value: inRows(y_JBO as tf.Tensor3D, placeOf_T),
      gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) => {
        const [xIn, wIn, groupOfBlock, placeOf, rowAt, filled] = saved as [
          tf.Tensor2D,
          tf.Tensor3D,
          tf.Tensor1D,
          tf.Tensor1D,
          tf.Tensor1D,
          tf.Tensor2D,
        ];
        const dy_PO = tf.gather(dy, rowAt);
        const x_PI = tf.gather(xIn, rowAt);
        const dx = tf.matMul(inBlocks(dy_PO), tf.gather(wIn, groupOfBlock), false, !transposeB) as tf.Tensor3D;
        // A place without a row must not count: it is enough that one factor is zero there.
        const narrow = x_PI.shape[1] <= dy_PO.shape[1];
        const left = inBlocks(narrow ? x_PI.mul<tf.Tensor2D>(filled) : x_PI);
        const right = inBlocks(narrow ? dy_PO : dy_PO.mul<tf.Tensor2D>(filled));
        const [rows, columns] = transposeB ? [right, left] : [left, right];
        const dw_JMN = tf.matMul(rows.transpose<tf.Tensor3D>([0, 2, 1]), columns) as tf.Tensor3D;
        const dw_JN = dw_JMN.reshape<tf.Tensor2D>([dw_JMN.shape[0], -1]);
        const member_JG = oneHot(groupOfBlock, groups) as tf.Tensor2D;
        return [inRows(dx, placeOf), tf.matMul(member_JG, dw_JN, true).reshape(wIn.shape)];
      },
    };
  })(x_TI, weights) as tf.Tensor2D;
}

/** [P, N] -> [J, BLOCK, N]. */
function inBlocks(x_PN: tf.Tensor2D): tf.Tensor3D {
  const [places, columns] = x_PN.shape;
  return x_PN.reshape([places / BLOCK, BLOCK, columns]);
}

/** [J, BLOCK, N] -> [T, N]. */
function inRows(x_JBN: tf.Tensor3D, placeOf_T: tf.Tensor1D): tf.Tensor2D {
  const [blocks, size, columns] = x_JBN.shape;
  return tf.gather(x_JBN.reshape<tf.Tensor2D>([blocks * size, columns]), placeOf_T);
}
