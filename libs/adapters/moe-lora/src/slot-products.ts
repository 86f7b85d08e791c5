import {
  customGradient,
  gatherRows,
  groupedMatMul,
  groupedPlaces,
  groupRows,
  linear,
  oneHot,
  repeatColumns,
  tf,
} from '@gmoe/tensor';

/** Products of tokens with the factors of the expert that each has in one slot; M = E R, the experts' inner dimensions side by side. */
export interface SlotProducts {
  /** `b_e z_e`, z_e the token's own R of the M inner values. inner [T, M], b [out, M] -> [T, out]. */
  up(inner_TM: tf.Tensor2D, b_OM: tf.Tensor2D): tf.Tensor2D;
  /** `w a_e x` at the token's own R of the M inner values, 0 at the others. x [T, in], a [M, in], weight [T, 1] -> [T, M]. */
  down(x_TI: tf.Tensor2D, a_MI: tf.Tensor2D, weight_T1: tf.Tensor2D): tf.Tensor2D;
}

/** ids [T] int32: the expert of each token in the slot. */
type Products = (ids_T: tf.Tensor1D, experts: number, rank: number) => SlotProducts;

/** Over all experts, of whose inner values a mask leaves the token's own. */
const masked: Products = (ids_T, experts, rank) => {
  const mask_TM = repeatColumns(oneHot(ids_T, experts) as tf.Tensor2D, rank);
  return {
    up: (inner_TM, b_OM) => linear(inner_TM.mul(mask_TM), b_OM),
    down: (x_TI, a_MI, weight_T1) => linear(x_TI, a_MI).mul(mask_TM.mul(weight_T1)),
  };
};

/** Over the token's own expert, tokens sorted by it. */
const grouped: Products = (ids_T, experts, rank) => {
  const mask_TE = oneHot(ids_T, experts) as tf.Tensor2D;
  const groups = groupRows(ids_T, experts);
  return {
    up: (inner_TM, b_OM) => {
      const b_ERO = b_OM.reshape<tf.Tensor3D>([b_OM.shape[0], experts, rank]).transpose<tf.Tensor3D>([1, 2, 0]);
      return groupedMatMul(ownColumns(inner_TM, ids_T, experts), b_ERO, groups);
    },
    down: (x_TI, a_MI, weight_T1) => {
      const a_ERI = a_MI.reshape<tf.Tensor3D>([experts, rank, a_MI.shape[1]]);
      const own_TR = groupedMatMul(x_TI, a_ERI, groups, true);
      return inColumns(own_TR.mul(weight_T1), ids_T, mask_TE);
    },
  };
};

/** The values of each token's own expert. inner [T, E R], ids [T] int32 -> [T, R]; differentiable. */
function ownColumns(inner_TM: tf.Tensor2D, ids_T: tf.Tensor1D, experts: number): tf.Tensor2D {
  const [tokens, columns] = inner_TM.shape;
  const row_T = tf.range(0, tokens * experts, experts, 'int32').add<tf.Tensor1D>(ids_T);
  return gatherRows(inner_TM.reshape([tokens * experts, columns / experts]), row_T);
}

/** The other way round: own [T, R] -> [T, E R], 0 at other experts. mask one-hot [T, E]; differentiable in own. */
function inColumns(own_TR: tf.Tensor2D, ids_T: tf.Tensor1D, mask_TE: tf.Tensor2D): tf.Tensor2D {
  const [tokens, experts] = mask_TE.shape;
  const rank = own_TR.shape[1];
  return customGradient(own_TR, (own: tf.Tensor2D, save) => {
    save([ids_T]);
    const spread_TER = own.expandDims<tf.Tensor3D>(1).mul<tf.Tensor3D>(mask_TE.expandDims(2));
    return {
      value: spread_TER.reshape<tf.Tensor2D>([tokens, experts * rank]),
      gradFunc: (dy_TM: tf.Tensor2D, [ids]) => ownColumns(dy_TM, ids as tf.Tensor1D, experts),
    };
  });
}

export const PRODUCTS = { masked, grouped };
export type ProductForm = keyof typeof PRODUCTS;

/** A place in a grouped product costs about as much as this many columns of a masked one do for a token. */
const COLUMNS_OF_A_PLACE = 48;

/** Which form takes less time for T tokens. */
export function productForm(tokens: number, experts: number, rank: number): ProductForm {
  const places = groupedPlaces(tokens, experts);
  return tokens * experts * rank > places * COLUMNS_OF_A_PLACE ? 'grouped' : 'masked';
}
