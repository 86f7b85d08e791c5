import { HostTensor } from '../host-tensor.js';
import { weightLimit } from './weight-limit.js';

/** How products with frozen weights are computed: float32; or 8 bits forward; or 8 bits forward and for the input's gradient. */
export const COMPUTES = ['float32', 'int8-forward', 'int8'] as const;
export type Compute = (typeof COMPUTES)[number];

/** What the parts of a matrix in 8 bits are named after, behind the matrix's own name. */
export const INT8_SUFFIX = {
  /** q [O, I], int8. */
  rows: '.int8',
  /** q transposed [I, O], int8. */
  columns: '.int8.transposed',
  /** [O]: `W[o, i] = scale[o] q[o, i]`. */
  scale: '.int8.scale',
} as const;

type Named = Readonly<Record<string, HostTensor>>;

/**
 * The tensors with the named matrices in the form that `compute` reads (`frozenLinear`): as they are for float32, else each
 * matrix [O, I] as q and scale by output channel, `scale[o] = max_i |W[o, i]| / limit`, the limit being 127, or 64 where this
 * processor's products of bytes saturate. Matrices that are stored in 8 bits already (`NAME.int8`, `NAME.int8.scale`) are taken as they are.
 */
export async function int8Weights(tensors: Named, names: Iterable<string>, compute: Compute): Promise<Named> {
  if (compute === 'float32') return tensors;
  const limit = await weightLimit();
  const chosen = [...names];
  const replaced = new Set(chosen.flatMap((name) => [name, name + INT8_SUFFIX.rows]));
  const result = Object.fromEntries(Object.entries(tensors).filter(([name]) => !replaced.has(name)));
  for (const name of chosen) {
    const { q, scale } = storedInt8(tensors, name, limit) ?? quantizeRows(tensors[name]!, limit);
    if (compute === 'int8') result[name + INT8_SUFFIX.rows] = q;
    result[name + INT8_SUFFIX.columns] = transposed(q);
    result[name + INT8_SUFFIX.scale] = scale;
  }
  return result;
}

/** A matrix in 8 bits, `W[o, i] = scale[o] q[o, i]`. */
export interface QuantizedRows {
  /** [O, I], int8. */
  readonly q: HostTensor;
  /** [O] */
  readonly scale: HostTensor;
}

/** Rounds each row of a matrix to integers of at most `limit`. W [O, I] -> q [O, I], scale [O]. */
export function quantizeRows(weight: HostTensor, limit: number): QuantizedRows {
  const [rows, columns] = weight.shape as [number, number];
  const data = weight.data;
  const q = new Int8Array(data.length);
  const scale = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * columns;
    let peak = 0;
    for (let i = row * columns; i < end; i++) peak = Math.max(peak, Math.abs(data[i]!));
    const step = Math.fround(peak / limit);
    scale[row] = step;
    if (step === 0) continue;
    for (let i = row * columns; i < end; i++) {
      q[i] = Math.max(-limit, Math.min(limit, Math.round(data[i]! / step)));
    }
  }
  return { q: new HostTensor(q, weight.shape), scale: new HostTensor(scale, [rows]) };
}

function storedInt8(tensors: Named, name: string, limit: number): QuantizedRows | undefined {
  const q = tensors[name + INT8_SUFFIX.rows];
  const scale = tensors[name + INT8_SUFFIX.scale];
  return q && scale && withinLimit({ q, scale }, limit);
}

/** What is stored in 8 bits, in fewer steps where a processor takes fewer (`weightLimit`). */
export function withinLimit({ q, scale }: QuantizedRows, limit: number): QuantizedRows {
  const stored = q.data as Int8Array;
  let peak = 0;
  for (const value of stored) peak = Math.max(peak, Math.abs(value));
  if (peak <= limit) return { q, scale };
  const factor = peak / limit;
  const data = stored.map((value) => Math.round(value / factor));
  return { q: new HostTensor(data, q.shape), scale: HostTensor.float(Array.from(scale.data, (step) => step * factor)) };
}

/** q [O, I] -> [I, O], in blocks that stay in cache. */
export function transposed({ data, shape }: HostTensor): HostTensor {
  const [rows, columns] = shape as [number, number];
  const out = new Int8Array(data.length);
  const BLOCK = 64;
  for (let r = 0; r < rows; r += BLOCK) {
    for (let c = 0; c < columns; c += BLOCK) {
      for (let i = r; i < Math.min(rows, r + BLOCK); i++) {
        for (let j = c; j < Math.min(columns, c + BLOCK); j++) out[j * rows + i] = data[i * columns + j]!;
      }
    }
  }
  return new HostTensor(out, [columns, rows]);
}
