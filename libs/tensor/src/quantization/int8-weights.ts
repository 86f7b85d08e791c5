import { HostTensor } from '../host-tensor.js';
import { quantizeRows, withinRange, type QuantizedRows } from './quantize-rows.js';
import { weightRange, type WeightRange } from './weight-range.js';

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
 * matrix [O, I] as q and scale by output channel, in the range that this processor multiplies right (`quantizeRows`,
 * `weightRange`). Matrices that are stored in 8 bits already (`NAME.int8`, `NAME.int8.scale`) are taken as they are.
 */
export async function int8Weights(tensors: Named, names: Iterable<string>, compute: Compute): Promise<Named> {
  if (compute === 'float32') return tensors;
  const range = await weightRange();
  const chosen = [...names];
  const replaced = new Set(chosen.flatMap((name) => [name, name + INT8_SUFFIX.rows]));
  const result = Object.fromEntries(Object.entries(tensors).filter(([name]) => !replaced.has(name)));
  for (const name of chosen) {
    const { q, scale } = storedInt8(tensors, name, range) ?? quantizeRows(tensors[name]!, range);
    if (compute === 'int8') result[name + INT8_SUFFIX.rows] = q;
    result[name + INT8_SUFFIX.columns] = transposed(q);
    result[name + INT8_SUFFIX.scale] = scale;
  }
  return result;
}

function storedInt8(tensors: Named, name: string, range: WeightRange): QuantizedRows | undefined {
  const q = tensors[name + INT8_SUFFIX.rows];
  const scale = tensors[name + INT8_SUFFIX.scale];
  return q && scale && withinRange({ q, scale }, range);
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
