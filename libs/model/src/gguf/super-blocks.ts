import { halfAt, NON_LINEAR_LEVELS, signedAt, type BlockDecoder } from './legacy-blocks.js';

/*
 * Blocks of 256 values: a half-float scale d (and dmin) of quantised scales, each of which belongs to 16 or 32 values. All
 * products are rounded to float32 one by one, as ggml does. Source: ggml-quants.c, `dequantize_row_q2_K` and so on.
 */
const { fround } = Math;

export const decodeQ2_K: BlockDecoder = (bytes, from, out, to) => {
  const [quants, ends] = [from + 16, from + 80];
  const d = halfAt(bytes, ends);
  const dmin = halfAt(bytes, ends + 2);
  for (let i = 0; i < 256; i++) {
    const scale = bytes[from + (i >> 4)]!;
    const quant = (bytes[quants + 32 * (i >> 7) + (i & 31)]! >> (2 * ((i >> 5) & 3))) & 3;
    out[to + i] = fround(fround(d * (scale & 15)) * quant) - fround(dmin * (scale >> 4));
  }
};

export const decodeQ3_K: BlockDecoder = (bytes, from, out, to) => {
  const [quants, scales] = [from + 32, from + 96];
  const d = halfAt(bytes, from + 108);
  for (let group = 0; group < 16; group++) {
    const low = group < 8 ? bytes[scales + group]! & 15 : bytes[scales + group - 8]! >> 4;
    const high = (bytes[scales + 8 + (group & 3)]! >> (2 * (group >> 2))) & 3;
    const scale = fround(d * ((low | (high << 4)) - 32));
    for (let i = 16 * group; i < 16 * (group + 1); i++) {
      const quant = (bytes[quants + 32 * (i >> 7) + (i & 31)]! >> (2 * ((i >> 5) & 3))) & 3;
      const isHigh = (bytes[from + (i & 31)]! >> (i >> 5)) & 1;
      out[to + i] = scale * (isHigh ? quant : quant - 4);
    }
  }
};

/** Six-bit scale and minimum of each of eight groups, packed into twelve bytes. */
function scaleAndMin(bytes: Uint8Array, at: number, group: number): [scale: number, min: number] {
  if (group < 4) return [bytes[at + group]! & 63, bytes[at + group + 4]! & 63];
  const both = bytes[at + group + 4]!;
  return [(both & 15) | ((bytes[at + group - 4]! >> 2) & 0x30), (both >> 4) | ((bytes[at + group]! >> 2) & 0x30)];
}

export const decodeQ4_K: BlockDecoder = (bytes, from, out, to) => {
  const d = halfAt(bytes, from);
  const dmin = halfAt(bytes, from + 2);
  for (let group = 0; group < 8; group++) {
    const [scale, min] = scaleAndMin(bytes, from + 4, group);
    const [step, offset] = [fround(d * scale), fround(dmin * min)];
    const quants = from + 16 + 32 * (group >> 1);
    for (let i = 0; i < 32; i++) {
      out[to + 32 * group + i] = fround(step * ((bytes[quants + i]! >> (4 * (group & 1))) & 15)) - offset;
    }
  }
};

export const decodeQ5_K: BlockDecoder = (bytes, from, out, to) => {
  const d = halfAt(bytes, from);
  const dmin = halfAt(bytes, from + 2);
  for (let group = 0; group < 8; group++) {
    const [scale, min] = scaleAndMin(bytes, from + 4, group);
    const [step, offset] = [fround(d * scale), fround(dmin * min)];
    const quants = from + 48 + 32 * (group >> 1);
    for (let i = 0; i < 32; i++) {
      const low = (bytes[quants + i]! >> (4 * (group & 1))) & 15;
      const high = (bytes[from + 16 + i]! >> group) & 1;
      out[to + 32 * group + i] = fround(step * (low | (high << 4))) - offset;
    }
  }
};

export const decodeQ6_K: BlockDecoder = (bytes, from, out, to) => {
  const [highs, scales] = [from + 128, from + 192];
  const d = halfAt(bytes, from + 208);
  for (let i = 0; i < 256; i++) {
    const low = (bytes[from + 64 * (i >> 7) + (i & 63)]! >> (4 * ((i >> 6) & 1))) & 15;
    const high = (bytes[highs + 32 * (i >> 7) + (i & 31)]! >> (2 * ((i >> 5) & 3))) & 3;
    out[to + i] = fround(d * signedAt(bytes, scales + (i >> 4))) * ((low | (high << 4)) - 32);
  }
};

/** A float32 scale and 256 signed bytes; the sums of groups behind them are not needed. */
export const decodeQ8_K: BlockDecoder = (bytes, from, out, to) => {
  const d = new DataView(bytes.buffer, bytes.byteOffset).getFloat32(from, true);
  for (let i = 0; i < 256; i++) out[to + i] = d * signedAt(bytes, from + 4 + i);
};

export const decodeIQ4_XS: BlockDecoder = (bytes, from, out, to) => {
  const d = halfAt(bytes, from);
  const highs = bytes[from + 2]! | (bytes[from + 3]! << 8);
  for (let group = 0; group < 8; group++) {
    const low = (bytes[from + 4 + (group >> 1)]! >> (4 * (group & 1))) & 15;
    const scale = fround(d * ((low | (((highs >> (2 * group)) & 3) << 4)) - 32));
    const quants = from + 8 + 16 * group;
    for (let i = 0; i < 16; i++) {
      const pair = bytes[quants + i]!;
      out[to + 32 * group + i] = scale * NON_LINEAR_LEVELS[pair & 15]!;
      out[to + 32 * group + 16 + i] = scale * NON_LINEAR_LEVELS[pair >> 4]!;
    }
  }
};
