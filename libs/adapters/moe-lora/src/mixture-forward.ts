import type { LoraFactors } from '@gmoe/adapters-lora';
import type { SiteName } from '@gmoe/model';
import type { Selection } from '@gmoe/routers-core';
import type { tf } from '@gmoe/tensor';
import { linear, repeatColumns } from '@gmoe/tensor';
import { productForm, PRODUCTS, type ProductForm } from './slot-products.js';

/** The frozen projections of a feed-forward network. */
export interface FfnBase {
  gate(x_TD: tf.Tensor2D): tf.Tensor2D;
  up(x_TD: tf.Tensor2D): tf.Tensor2D;
  /** The model's gated non-linearity, e.g. `silu(gate) * up`. */
  glu(gate_TF: tf.Tensor2D, up_TF: tf.Tensor2D): tf.Tensor2D;
  down(x_TF: tf.Tensor2D): tf.Tensor2D;
}

/** One layer's expert updates, experts stacked: A [E * R, in] with expert e in rows e R .. e R + R - 1, B [out, E * R]. */
export type ExpertFactors = Partial<Record<SiteName, LoraFactors>>;

export interface MixtureSettings {
  /** R of one expert. */
  readonly rank: number;
  /** alpha / R, or alpha / sqrt(R). */
  readonly scaling: number;
  /** Dropout on a site's input in front of the updates; the identity outside of training. Last two axes [T, in]. */
  dropout<X extends tf.Tensor>(site: SiteName, x: X): X;
  /** How an expert's own factors are multiplied; default what takes less time. Experts as whole networks only. */
  readonly products?: ProductForm;
  /** Told of the experts of a summed update: `A x` [T, E R] and B, before scaling and mixture weights. */
  readonly outputs?: (inner_TM: tf.Tensor2D, b: tf.Tensor2D) => void;
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
  { rank, scaling, dropout, products = productForm(x_TD.shape[0], mask_TE.shape[1], rank) }: MixtureSettings,
): tf.Tensor2D {
  const slots = ids_TK.shape[1];
  const count = mask_TE.shape[1];
  const columnOf = <X extends tf.Tensor2D>(x_TK: X, slot: number) => x_TK.slice<X>([0, slot], [-1, 1]);
  const slotExperts = Array.from({ length: slots }, (_, slot) =>
    PRODUCTS[products](columnOf(ids_TK, slot).reshape([-1]), count, rank),
  );
  const weights_T1 = slotExperts.map((_, slot) => columnOf(weights_TK, slot));

  /** A projection as each slot sees it, [T, F]; one for all where the experts do not differ. */
  const project = (site: 'gate_proj' | 'up_proj', y_TF: tf.Tensor2D): tf.Tensor2D[] => {
    const factors = experts[site];
    if (!factors) return slotExperts.map(() => y_TF);
    const inner_TM = linear(dropout(site, x_TD), factors.a).mul<tf.Tensor2D>(scaling);
    return slotExperts.map(({ up }) => y_TF.add(up(inner_TM, factors.b)));
  };
  // Slots stay separate tensors: summing a stacked [K, T, F] over its first axis, and the gradients of broadcasting into it, cost
  // a tenth of the step.
  const gates_TF = project('gate_proj', base.gate(x_TD));
  const ups_TF = project('up_proj', base.up(x_TD));
  const hidden_TF = gates_TF.map((gate_TF, slot) => base.glu(gate_TF, ups_TF[slot]!));
  const y_TD = base.down(sumOf(hidden_TF.map((h_TF, slot) => h_TF.mul(weights_T1[slot]!))));

  const down = experts.down_proj;
  if (!down) return y_TD;
  const inner_TM = sumOf(
    hidden_TF.map((h_TF, slot) => slotExperts[slot]!.down(dropout('down_proj', h_TF), down.a, weights_T1[slot]!)),
  ).mul<tf.Tensor2D>(scaling);
  return y_TD.add(linear(inner_TM, down.b));
}

function sumOf(terms: readonly tf.Tensor2D[]): tf.Tensor2D {
  return terms.reduce((sum, term) => sum.add(term));
}

/**
 * Experts as summed updates (paper eq. 5): each targeted projection is `W x + sum_e w_e scaling B_e A_e x`. One routing, from the
 * network's input, serves its three projections.
 * x [T, D] -> [T, D].
 */
export function mixtureAdditive(
  x_TD: tf.Tensor2D,
  base: FfnBase,
  experts: ExpertFactors,
  selection: Selection,
  settings: MixtureSettings,
): tf.Tensor2D {
  const project = (site: SiteName, x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D => {
    const factors = experts[site];
    return factors ? y.add(expertsUpdate(site, x, factors, selection, settings)) : y;
  };
  const hidden_TF = base.glu(project('gate_proj', x_TD, base.gate(x_TD)), project('up_proj', x_TD, base.up(x_TD)));
  return project('down_proj', hidden_TF, base.down(hidden_TF));
}

/**
 * `sum_e w_e scaling B_e A_e x` of one linear layer, as `((x A) * repeat(scaling w, R)) B` over the stacked experts.
 * x [T, in] -> [T, out].
 */
export function expertsUpdate(
  site: SiteName,
  x_TI: tf.Tensor2D,
  { a, b }: LoraFactors,
  { gates_TE }: Selection,
  { rank, scaling, dropout, outputs }: MixtureSettings,
): tf.Tensor2D {
  const inner_TM = linear(dropout(site, x_TI), a);
  outputs?.(inner_TM, b);
  const gates_TM = repeatColumns(gates_TE, rank).mul<tf.Tensor2D>(scaling);
  return linear(inner_TM.mul(gates_TM), b);
}
