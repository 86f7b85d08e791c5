import { tf } from '@gmoe/tensor';

/**
 * Inner products of what the experts of one linear layer put out, `G_tef = <y_te, y_tf>`, `y_te = B_e h_te`. They are taken in rank
 * space, `h_te^T (B_e^T B_f) h_tf`, so that no output [T, E, out] is made. h [T, E R] with expert e in columns e R .. e R + R - 1,
 * before any gate; B [out, E R] -> [T, E, E].
 */
export function outputProducts(inner_TM: tf.Tensor2D, b: tf.Tensor2D, experts: number): tf.Tensor3D {
  const width = inner_TM.shape[1];
  const rank = width / experts;
  const gram_MM = tf.matMul<tf.Tensor2D>(b, b, true);
  const rows = Array.from({ length: experts }, (_, e) => {
    const own_TR = inner_TM.slice<tf.Tensor2D>([0, e * rank], [-1, rank]);
    const against_TM = tf.matMul<tf.Tensor2D>(own_TR, gram_MM.slice([e * rank, 0], [rank, -1])).mul(inner_TM);
    return against_TM.reshape<tf.Tensor3D>([-1, experts, rank]).sum<tf.Tensor2D>(2);
  });
  return tf.stack(rows, 1) as tf.Tensor3D;
}
