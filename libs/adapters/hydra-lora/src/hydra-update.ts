import type { LoraFactors } from '@gmoe/adapters-lora';
import { linear, repeatColumns, tf } from '@gmoe/tensor';

/**
 * `scaling sum_e w_e B_e A x`, as `(tile(x A, E) * repeat(scaling w, R)) B` over the stacked heads.
 * x [T, in], A [R, in], B [out, E R] with head e in columns e R .. e R + R - 1, gates [T, E] -> update [T, out], and what goes into the
 * heads before the gates [T, E R].
 */
export function hydraUpdate(
  x_TI: tf.Tensor2D,
  { a, b }: LoraFactors,
  gates_TE: tf.Tensor2D,
  scaling: number,
): { readonly update_TO: tf.Tensor2D; readonly inner_TM: tf.Tensor2D } {
  const experts = gates_TE.shape[1];
  const inner_TR = linear(x_TI, a).mul<tf.Tensor2D>(scaling);
  const inner_TM = experts === 1 ? inner_TR : tf.concat2d(Array<tf.Tensor2D>(experts).fill(inner_TR), 1);
  return { update_TO: linear(inner_TM.mul(repeatColumns(gates_TE, a.shape[0])), b), inner_TM };
}
