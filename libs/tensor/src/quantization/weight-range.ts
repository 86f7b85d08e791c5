import { ort } from '../engine/onnx-runtime.js';
import { encodeModel } from '../trace/onnx-proto.js';

/**
 * Which weights in 8 bits a processor multiplies right: of absolute value `peak` at most, two neighbours adding to `pair` at most. Neighbours are
 * elements 2j and 2j + 1 along the sum of a product.
 */
export interface WeightRange {
  readonly peak: number;
  /** `2 peak` where neighbours don't matter. */
  readonly pair: number;
}

/** Any byte but -128. */
export const FULL_RANGE: WeightRange = { peak: 127, pair: 254 };
/** For sums of two products in 16 bits: `255 (a + b)` fits while `|a + b|` is 128 at most. */
export const PAIRED_RANGE: WeightRange = { peak: 127, pair: 128 };
/** For sums of two products in 16 bits, whichever two. */
export const HALF_RANGE: WeightRange = { peak: 64, pair: 128 };

/** The largest byte, and a width of several registers. */
const ROWS = 8;
const INNER = 64;
const COLUMNS = 16;

/** Weights that overflow 16 bits if other than neighbours are added: first with second next, first with fourth, second with third. */
const NEIGHBOURS = [
  [127, 1, 127, 1],
  [127, 1, 1, 127],
  [1, 127, 127, 1],
] as const;

let found: Promise<WeightRange> | undefined;

/**
 * The weights whose products with unsigned bytes this processor adds up right. x86 without VNNI adds two products in 16 bits and saturates. Found out
 * once per process, by products with known result.
 */
export function weightRange(): Promise<WeightRange> {
  return (found ??= find());
}

async function find(): Promise<WeightRange> {
  if (await addsUp(() => 127)) return FULL_RANGE;
  const neighbours = (i: number, column: number) => NEIGHBOURS[column % NEIGHBOURS.length]![i % 4]!;
  return (await addsUp(neighbours)) ? PAIRED_RANGE : HALF_RANGE;
}

/** Whether products of 255 and the weights sum to what they should, for one row and several, constant weights and not: these are kernels of their own. */
async function addsUp(weight: (inner: number, column: number) => number): Promise<boolean> {
  const b = Int8Array.from({ length: INNER * COLUMNS }, (_, at) => weight(Math.floor(at / COLUMNS), at % COLUMNS));
  const sums = Array.from({ length: COLUMNS }, (_, column) =>
    Array.from({ length: INNER }, (__, i) => 255 * weight(i, column)).reduce((sum, value) => sum + value, 0),
  );
  const shape = [INNER, COLUMNS];
  for (const rows of [1, ROWS]) {
    for (const constant of [true, false]) {
      const session = await ort.InferenceSession.create(
        encodeModel({
          nodes: [{ op: 'MatMulInteger', domain: '', inputs: ['a', 'b'], outputs: ['sum'], attributes: {} }],
          initializers: constant ? [{ name: 'b', shape, type: 'int8', data: b }] : [],
          inputs: [
            { name: 'a', shape: [rows, INNER], dtype: 'uint8' },
            ...(constant ? [] : [{ name: 'b', shape, dtype: 'int8' as const }]),
          ],
          outputs: [{ name: 'sum', shape: [rows, COLUMNS], dtype: 'int32' }],
        }),
        { logSeverityLevel: 4, intraOpNumThreads: 1 },
      );
      try {
        const { sum } = await session.run({
          a: new ort.Tensor('uint8', new Uint8Array(rows * INNER).fill(255), [rows, INNER]),
          ...(constant ? {} : { b: new ort.Tensor('int8', b, shape) }),
        });
        if ((sum!.data as Int32Array).some((value, at) => value !== sums[at % COLUMNS])) return false;
      } finally {
        await session.release();
      }
    }
  }
  return true;
}
