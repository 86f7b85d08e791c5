import type { FfnSiteName, LoraFactors } from '@gmoe/adapters-lora';
import type { Selection } from '@gmoe/routers-core';
import type { tf } from '@gmoe/tensor';
import { linear, oneHot, repeatColumns, swiglu } from '@gmoe/tensor';

/** The frozen projections of a feed-forward network. */
export interface FfnBase {
  gate(x_TD: tf.Tensor2D): tf.Tensor2D;
  up(x_TD: tf.Tensor2D): tf.Tensor2D;
  down(x_TF: tf.Tensor2D): tf.Tensor2D;
}

/** One layer's expert updates, experts stacked: A [E * R, in] with expert e in rows e R .. e R + R - 1, B [out, E * R]. */
export type ExpertFactors = Partial<Record<FfnSiteName, LoraFactors>>;

export interface MixtureSettings {
  /** R of one expert. */
  readonly rank: number;
  /** alpha / R, or alpha / sqrt(R). */
  readonly scaling: number;
  /** Dropout on a site's input in front of the updates; the identity outside of training. Last two axes [T, in]. */
  dropout<X extends tf.Tensor>(site: FfnSiteName, x: X): X;
}

/**
 * Experts as whole feed-forward networks (the authors' code): `sum_j w_j W2_e(silu(W1_e x) * (W3_e x))`, e = the expert in
 * slot j. All experts share W1, W2, W3, so each is applied once, and experts differ only in rank space:
 * `h_j = silu(x W1 + ((x A1) * M_j) B1) * (x W3 + ((x A3) * M_j) B3)`,
 * `y = (sum_j w_j h_j) W2 + (sum_j w_j ((h_j A2) * M_j)) B2`, M_j = repeat(onehot(ids_j), R).
 * x [T, D] -> [T, D].
 */
export function mixtureFfn(
  x_TD: tf.Tensor2D,
  base: FfnBase,
  experts: ExpertFactors,
  { ids_TK, weights_TK, mask_TE }: Selection,
  { rank, scaling, dropout }: MixtureSettings,
): tf.Tensor2D {
  const [tokens, slots] = ids_TK.shape;
  const count = mask_TE.shape[1];
  const width = count * rank;
  const onehot_NE = oneHot(ids_TK.transpose(), count).reshape([slots * tokens, count]) as tf.Tensor2D;
  const mask_KTM = repeatColumns(onehot_NE, rank).reshape([slots, tokens, width]) as tf.Tensor3D;
  const weights_KT1 = weights_TK.transpose().reshape([slots, tokens, 1]) as tf.Tensor3D;

  /** A projection as every slot sees it: [K, T, out], or [1, T, out] where the experts do not differ. */
  const project = (site: 'gate_proj' | 'up_proj', y_TF: tf.Tensor2D): tf.Tensor3D => {
    const factors = experts[site];
    const shared_1TF = y_TF.expandDims<tf.Tensor3D>(0);
    if (!factors) return shared_1TF;
    const inner_TM = linear(dropout(site, x_TD), factors.a).mul<tf.Tensor2D>(scaling);
    const slots_NM = inner_TM
      .expandDims<tf.Tensor3D>(0)
      .mul<tf.Tensor3D>(mask_KTM)
      .reshape([slots * tokens, width]);
    const update_NF = linear(slots_NM as tf.Tensor2D, factors.b);
    return update_NF.reshape<tf.Tensor3D>([slots, tokens, y_TF.shape[1]]).add(shared_1TF);
  };
  const hidden_KTF = swiglu(project('gate_proj', base.gate(x_TD)), project('up_proj', base.up(x_TD)));
  const y_TD = base.down(hidden_KTF.mul(weights_KT1).sum(0) as tf.Tensor2D);

  const down = experts.down_proj;
  if (!down) return y_TD;
  const [rows, , ffn] = hidden_KTF.shape;
  const dropped = dropout('down_proj', hidden_KTF).reshape([rows * tokens, ffn]) as tf.Tensor2D;
  const inner_KTM = linear(dropped, down.a).reshape<tf.Tensor3D>([rows, tokens, width]);
  const summed_TM = inner_KTM.mul(mask_KTM.mul(weights_KT1)).sum(0).mul<tf.Tensor2D>(scaling);
  return y_TD.add(linear(summed_TM, down.b));
}

/**
 * Experts as summed updates (paper eq. 5): each targeted projection is `W x + sum_e w_e scaling B_e A_e x`, evaluated as
 * `x W + ((x A) * repeat(w, R)) B`. One routing, from the network's input, serves its three projections.
 * x [T, D] -> [T, D].
 */
export function mixtureAdditive(
  x_TD: tf.Tensor2D,
  base: FfnBase,
  experts: ExpertFactors,
  { gates_TE }: Selection,
  { rank, scaling, dropout }: MixtureSettings,
): tf.Tensor2D {
  const gates_TM = repeatColumns(gates_TE, rank).mul<tf.Tensor2D>(scaling);
  const project = (site: FfnSiteName, x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D => {
    const factors = experts[site];
    return factors ? y.add(linear(linear(dropout(site, x), factors.a).mul(gates_TM), factors.b)) : y;
  };
  const hidden_TF = swiglu(project('gate_proj', x_TD, base.gate(x_TD)), project('up_proj', x_TD, base.up(x_TD)));
  return project('down_proj', hidden_TF, base.down(hidden_TF));
}
