import { ort } from '../engine/onnx-runtime.js';
import { encodeModel } from '../trace/onnx-proto.js';

/** The largest byte, and a width of several registers. */
const ROWS = 8;
const INNER = 64;
const COLUMNS = 16;

let found: Promise<number> | undefined;

/**
 * The largest absolute weight in 8 bits whose products with unsigned bytes this processor adds up right: 127, or 64 where
 * pairs of products saturate in 16 bits (x86 without VNNI: 2 x 255 x 64 still fits). Found out once per process, by products with known result.
 */
export function weightLimit(): Promise<number> {
  return (found ??= addsUp(127).then((fits) => (fits ? 127 : 64)));
}

/** Whether products of 255 and `weight` sum to what they should, for one row and for several: these are kernels of their own. */
async function addsUp(weight: number): Promise<boolean> {
  for (const rows of [1, ROWS]) {
    const session = await ort.InferenceSession.create(
      encodeModel({
        nodes: [{ op: 'MatMulInteger', domain: '', inputs: ['a', 'b'], outputs: ['sum'], attributes: {} }],
        initializers: [],
        inputs: [
          { name: 'a', shape: [rows, INNER], dtype: 'uint8' },
          { name: 'b', shape: [INNER, COLUMNS], dtype: 'int8' },
        ],
        outputs: [{ name: 'sum', shape: [rows, COLUMNS], dtype: 'int32' }],
      }),
      { logSeverityLevel: 4, intraOpNumThreads: 1 },
    );
    try {
      const { sum } = await session.run({
        a: new ort.Tensor('uint8', new Uint8Array(rows * INNER).fill(255), [rows, INNER]),
        b: new ort.Tensor('int8', new Int8Array(INNER * COLUMNS).fill(weight), [INNER, COLUMNS]),
      });
      if ((sum!.data as Int32Array).some((value) => value !== 255 * weight * INNER)) return false;
    } finally {
      await session.release();
    }
  }
  return true;
}
