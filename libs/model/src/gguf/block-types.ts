import { halfAt, type BlockDecoder } from './legacy-blocks.js';
import * as legacy from './legacy-blocks.js';
import * as superBlocks from './super-blocks.js';

/** How values are stored: in blocks of so many values and bytes. */
export interface BlockType {
  readonly name: string;
  readonly values: number;
  readonly bytes: number;
  readonly decode: BlockDecoder;
}

const decodeF32: BlockDecoder = (bytes, from, out, to) => {
  out[to] = new DataView(bytes.buffer, bytes.byteOffset).getFloat32(from, true);
};
const decodeF16: BlockDecoder = (bytes, from, out, to) => {
  out[to] = halfAt(bytes, from);
};
const scratch = new Uint32Array(1);
const widened = new Float32Array(scratch.buffer);
const decodeBF16: BlockDecoder = (bytes, from, out, to) => {
  scratch[0] = (bytes[from]! << 16) | (bytes[from + 1]! << 24);
  out[to] = widened[0]!;
};

/** The tensor types of ggml that are read, by their number in a file. */
export const BLOCK_TYPES: ReadonlyMap<number, BlockType> = new Map(
  (
    [
      [0, 'F32', 1, 4, decodeF32],
      [1, 'F16', 1, 2, decodeF16],
      [2, 'Q4_0', 32, 18, legacy.decodeQ4_0],
      [3, 'Q4_1', 32, 20, legacy.decodeQ4_1],
      [6, 'Q5_0', 32, 22, legacy.decodeQ5_0],
      [7, 'Q5_1', 32, 24, legacy.decodeQ5_1],
      [8, 'Q8_0', 32, 34, legacy.decodeQ8_0],
      [10, 'Q2_K', 256, 84, superBlocks.decodeQ2_K],
      [11, 'Q3_K', 256, 110, superBlocks.decodeQ3_K],
      [12, 'Q4_K', 256, 144, superBlocks.decodeQ4_K],
      [13, 'Q5_K', 256, 176, superBlocks.decodeQ5_K],
      [14, 'Q6_K', 256, 210, superBlocks.decodeQ6_K],
      [15, 'Q8_K', 256, 292, superBlocks.decodeQ8_K],
      [20, 'IQ4_NL', 32, 18, legacy.decodeIQ4_NL],
      [23, 'IQ4_XS', 256, 136, superBlocks.decodeIQ4_XS],
      [30, 'BF16', 1, 2, decodeBF16],
    ] as const
  ).map(([id, name, values, bytes, decode]) => [id, { name, values, bytes, decode }]),
);

/** Values of blocks that lie one after the other. */
export function decodeBlocks(type: BlockType, bytes: Uint8Array, out: Float32Array): void {
  const blocks = out.length / type.values;
  for (let block = 0; block < blocks; block++) type.decode(bytes, block * type.bytes, out, block * type.values);
}
