import type { DType } from '@gmoe/tensor';

/** Element types of a safetensors file that are read, with their size in bytes and what they become here. */
export const ELEMENT_TYPES = {
  F32: { bytes: 4, dtype: 'float32' },
  F16: { bytes: 2, dtype: 'float32' },
  BF16: { bytes: 2, dtype: 'float32' },
  I32: { bytes: 4, dtype: 'int32' },
  BOOL: { bytes: 1, dtype: 'bool' },
  I8: { bytes: 1, dtype: 'int8' },
  F64: { bytes: 8, dtype: 'float32' },
  I64: { bytes: 8, dtype: 'int32' },
  U8: { bytes: 1, dtype: 'int32' },
} as const satisfies Record<string, { bytes: number; dtype: DType }>;

export type ElementType = keyof typeof ELEMENT_TYPES;

const EXPONENT = 0x7f800000;

/** Index of the first NaN or infinity among float32 bit patterns; -1 if there is none. */
export function firstNonFinite(bits: Uint32Array): number {
  // A plain loop: a billion values pass through here, and `findIndex` would call a function for each.
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & EXPONENT) === EXPONENT) return i;
  return -1;
}

/** As `firstNonFinite`, of IEEE half bit patterns. */
export function firstNonFiniteHalf(bits: Uint16Array): number {
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & 0x7c00) === 0x7c00) return i;
  return -1;
}

/** Widens bfloat16 bit patterns to float32 bit patterns. */
export function widenBfloat16(from: Uint16Array, to: Uint32Array): void {
  for (let i = 0; i < from.length; i++) to[i] = from[i]! << 16;
}

let halfTable: Uint32Array | undefined;

/** Widens IEEE half bit patterns to float32 bit patterns. */
export function widenFloat16(from: Uint16Array, to: Uint32Array): void {
  halfTable ??= Uint32Array.from({ length: 0x10000 }, (_, half) => floatBits(halfValue(half)));
  for (let i = 0; i < from.length; i++) to[i] = halfTable[from[i]!]!;
}

/** Rounds float32 values to bfloat16, ties to even; beyond its largest they become infinite. */
export function narrowBfloat16(from: Float32Array, to: Uint16Array): void {
  const bits = new Uint32Array(from.buffer, from.byteOffset, from.length);
  for (let i = 0; i < from.length; i++) {
    const value = bits[i]!;
    // Rounding up could carry a NaN's fraction away.
    const isNan = (value & 0x7fffffff) > EXPONENT;
    to[i] = isNan ? 0x7fc0 : (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
}

/** Index of the first NaN or infinity among bfloat16 bit patterns; -1 if there is none. */
export function firstNonFiniteBfloat16(bits: Uint16Array): number {
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & 0x7f80) === 0x7f80) return i;
  return -1;
}

/** The largest finite half. */
export const FLOAT16_MAX = 65504;

/** Rounds float32 values to IEEE halves, ties to even; beyond the largest half they become infinite. */
export function narrowFloat16(from: Float32Array, to: Uint16Array): void {
  const bits = new Uint32Array(from.buffer, from.byteOffset, from.length);
  for (let i = 0; i < from.length; i++) to[i] = halfBits(bits[i]!);
}

function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}

function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // From 65520 on, rounding goes to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  // Subnormal halves count in steps of 2^-24.
  if (magnitude < 0x33000000) return sign;
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - (magnitude >>> 23);
  const half = fraction >>> shift;
  const rest = fraction & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (half + (rest > tie || (rest === tie && (half & 1) === 1) ? 1 : 0));
}
