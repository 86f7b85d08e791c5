import { halfFloats } from './half-floats.js';

/** Writes the values of one block, which starts at byte `from`, to `out[to...]`. */
export type BlockDecoder = (bytes: Uint8Array, from: number, out: Float32Array, to: number) => void;

/** The half float at a byte. */
export function halfAt(bytes: Uint8Array, at: number): number {
  return halfFloats()[bytes[at]! | (bytes[at + 1]! << 8)]!;
}

/** The signed byte at a place. */
export function signedAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) >> 24;
}

/*
 * Blocks of 32 values: a half-float scale d, in some an offset m, and quants q. The first 16 values are the low nibbles of
 * 16 bytes, the others the high ones. Products are rounded to float32 before m is added, as ggml does.
 * Source: ggml-quants.c, `dequantize_row_q4_0` and so on.
 */

export const decodeQ4_0: BlockDecoder = (bytes, from, out, to) => {
  const d = halfAt(bytes, from);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 2 + i]!;
    out[to + i] = d * ((pair & 15) - 8);
    out[to + 16 + i] = d * ((pair >> 4) - 8);
  }
};

export const decodeQ4_1: BlockDecoder = (bytes, from, out, to) => {
  const d = halfAt(bytes, from);
  const m = halfAt(bytes, from + 2);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 4 + i]!;
    out[to + i] = Math.fround(d * (pair & 15)) + m;
    out[to + 16 + i] = Math.fround(d * (pair >> 4)) + m;
  }
};

/** The fifth bit of value i is bit i of four bytes. */
function fifth(bytes: Uint8Array, at: number, i: number): number {
  return ((bytes[at + (i >> 3)]! >> (i & 7)) & 1) << 4;
}

export const decodeQ5_0: BlockDecoder = (bytes, from, out, to) => {
  const d = halfAt(bytes, from);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 6 + i]!;
    out[to + i] = d * (((pair & 15) | fifth(bytes, from + 2, i)) - 16);
    out[to + 16 + i] = d * (((pair >> 4) | fifth(bytes, from + 2, 16 + i)) - 16);
  }
};

export const decodeQ5_1: BlockDecoder = (bytes, from, out, to) => {
  const d = halfAt(bytes, from);
  const m = halfAt(bytes, from + 2);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 8 + i]!;
    out[to + i] = Math.fround(d * ((pair & 15) | fifth(bytes, from + 4, i))) + m;
    out[to + 16 + i] = Math.fround(d * ((pair >> 4) | fifth(bytes, from + 4, 16 + i))) + m;
  }
};

export const decodeQ8_0: BlockDecoder = (bytes, from, out, to) => {
  const d = halfAt(bytes, from);
  for (let i = 0; i < 32; i++) out[to + i] = d * signedAt(bytes, from + 2 + i);
};

/** The levels of the non-linear 4-bit quants. */
export const NON_LINEAR_LEVELS = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

export const decodeIQ4_NL: BlockDecoder = (bytes, from, out, to) => {
  const d = halfAt(bytes, from);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 2 + i]!;
    out[to + i] = d * NON_LINEAR_LEVELS[pair & 15]!;
    out[to + 16 + i] = d * NON_LINEAR_LEVELS[pair >> 4]!;
  }
};
