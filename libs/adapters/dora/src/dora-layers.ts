import { NAMES, parameter } from '@gmoe/adapters-core';
import { addLora, updateAt, type LoraSite, type SiteInput } from '@gmoe/adapters-lora';
import { UserError } from '@gmoe/core';
import { HostTensor, INT8_SUFFIX, linear, stopGradient, tf } from '@gmoe/tensor';

type Named<T> = Readonly<Record<string, T>>;

/** Norms of the base's weight rows: frozen, made from the base, not kept in files. */
export const baseNormName = (module: string): string => `${module}.base_norm`;

/** Euclidean norms of the rows of a site's weight, `||W_o||`, in floats or in 8 bits. [out] @throws UserError if it is missing */
export function rowNorms(weights: Named<HostTensor>, { path }: LoraSite): HostTensor {
  const name = `${path}.weight`;
  const float = weights[name];
  if (float) return HostTensor.float(norms(float.data, float.shape as [number, number]));
  const scale = weights[name + INT8_SUFFIX.scale];
  const rows = weights[name + INT8_SUFFIX.rows];
  const columns = weights[name + INT8_SUFFIX.columns];
  if (!scale || !(rows ?? columns)) throw new UserError(`adapter: dora: the base has no weight '${name}'`);
  const ofIntegers = rows
    ? norms(rows.data, rows.shape as [number, number])
    : columnNorms(columns!.data, columns!.shape as [number, number]);
  return HostTensor.float(ofIntegers.map((norm, row) => norm * scale.data[row]!));
}

function columnNorms(data: ArrayLike<number>, [rows, columns]: readonly [number, number]): Float32Array {
  const squares = new Float64Array(columns);
  for (let i = 0; i < rows * columns; i++) squares[i % columns]! += data[i]! ** 2;
  return Float32Array.from(squares, Math.sqrt);
}

/** In double precision: the squares of thousands of weights are added. */
export function norms(data: ArrayLike<number>, [rows, columns]: readonly [number, number]): Float32Array {
  return Float32Array.from({ length: rows }, (_, row) => {
    let squares = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) squares += data[i]! ** 2;
    return Math.sqrt(squares);
  });
}

/**
 * `m_o / ||W_o + scaling B_o A|| (W x + scaling B A x) + bias` (Liu et al. 2024, arXiv 2402.09353, eq. 5); the norm is a constant
 * to the gradient (section 4.3), as in PEFT. It is put together without the product B A:
 * `||W_o + s B_o A||^2 = ||W_o||^2 + 2 s B_o (A W_o^T) + s^2 B_o (A A^T) B_o^T`, where `A W^T` is the base layer applied to the rows of A.
 *
 * As in PEFT, dropout while training changes the input of both terms, `W x` included.
 *
 * @param x_TI the layer's input, without dropout
 * @param base the frozen layer with its bias, if it has one
 */
export function doraForward(
  x_TI: tf.Tensor2D,
  input: SiteInput,
  base: (x: tf.Tensor2D) => tf.Tensor2D,
  magnitude_O: tf.Tensor1D,
  baseNorm_O: tf.Tensor1D,
  hasBias: boolean,
): tf.Tensor2D {
  const { site, x_TI: dropped_TI, factors } = input;
  const norm_O = adaptedNorm(site, factors, base, baseNorm_O, hasBias);
  const ratio_O = magnitude_O.div<tf.Tensor1D>(norm_O.value);
  const y_TO = base(x_TI);
  const product = (y: tf.Tensor2D) => (norm_O.bias_O ? y.sub<tf.Tensor2D>(norm_O.bias_O) : y);
  if (dropped_TI === x_TI) {
    const adapted_TO = addLora(product(y_TO), input).mul<tf.Tensor2D>(ratio_O);
    return norm_O.bias_O ? adapted_TO.add(norm_O.bias_O) : adapted_TO;
  }
  const change_TO = product(base(dropped_TI)).mul<tf.Tensor2D>(ratio_O.sub(1));
  return y_TO.add<tf.Tensor2D>(change_TO).add(updateAt(input).mul(ratio_O));
}

function adaptedNorm(
  { scaling }: LoraSite,
  factors: SiteInput['factors'],
  base: (x: tf.Tensor2D) => tf.Tensor2D,
  baseNorm_O: tf.Tensor1D,
  hasBias: boolean,
): { readonly value: tf.Tensor1D; readonly bias_O: tf.Tensor1D | undefined } {
  const a_RI = stopGradient(factors.a);
  const b_OR = stopGradient(factors.b);
  const [rank, inputs] = a_RI.shape;
  // The bias is what the layer makes of nothing: one row more.
  const rows = hasBias ? base(tf.concat([a_RI, tf.zeros<tf.Rank.R2>([1, inputs])], 0)) : base(a_RI);
  const bias_O = hasBias ? rows.slice<tf.Tensor2D>([rank, 0], [1, -1]).reshape<tf.Tensor1D>([-1]) : undefined;
  const weightTimesA_RO = bias_O ? rows.slice<tf.Tensor2D>([0, 0], [rank, -1]).sub<tf.Tensor2D>(bias_O) : rows;
  const cross_O = b_OR.mul<tf.Tensor2D>(weightTimesA_RO.transpose()).sum<tf.Tensor1D>(1);
  const square_O = b_OR.mul<tf.Tensor2D>(linear(b_OR, linear(a_RI, a_RI))).sum<tf.Tensor1D>(1);
  const squared_O = baseNorm_O
    .square<tf.Tensor1D>()
    .add<tf.Tensor1D>(cross_O.mul(2 * scaling))
    .add<tf.Tensor1D>(square_O.mul(scaling ** 2));
  // Rounding may leave a norm near 0 just below it.
  return { value: tf.sqrt(tf.maximum<tf.Tensor1D>(squared_O, 1e-12)), bias_O };
}

/** The trained magnitude of a site. [out] */
export const magnitudeOf = (trainable: Named<tf.Tensor>, { path }: LoraSite): tf.Tensor1D =>
  parameter<tf.Tensor1D>(trainable, NAMES.magnitude(path));
