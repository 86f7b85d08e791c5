import { HostTensor, sizeOf } from './host-tensor.js';

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;
const TWO_POW_MINUS_32 = 2 ** -32;

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) >>> 0;
}

/**
 * One block of Philox4x32-10: four 32-bit words for a 128-bit counter and a 64-bit key.
 * Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0 >>> 0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2 >>> 0);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * A named random stream. Keys are values: drawing twice from one key gives the same numbers, independent numbers come
 * from `fold`ing a name or an index into the key. Nothing depends on the order in which streams are used, so a resumed
 * run draws the same bits as an uninterrupted one.
 */
export class RandomKey {
  private constructor(
    private readonly k0: number,
    private readonly k1: number,
  ) {}

  /** The root key of a run. `seed` is a safe non-negative integer. */
  static fromSeed(seed: number): RandomKey {
    if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed: ${seed} is not a non-negative integer`);
    return new RandomKey(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);
  }

  /** The key of a child stream: `key.fold('init').fold('layers.0.lora_a')`, `key.fold('epoch').fold(3)`. */
  fold(name: string | number): RandomKey {
    const counter: [number, number, number, number] =
      typeof name === 'number' ? [name >>> 0, Math.floor(name / 2 ** 32) >>> 0, 0, 1] : [...fnv1a64(name), 0, 2];
    const [a, b] = philox4x32(counter, [this.k0, this.k1]);
    return new RandomKey(a, b);
  }

  /** Unsigned 32-bit words of this stream. */
  words(count: number): Uint32Array {
    const out = new Uint32Array(count);
    for (let block = 0; block * 4 < count; block++) {
      const words = philox4x32([block >>> 0, Math.floor(block / 2 ** 32) >>> 0, 0, 0], [this.k0, this.k1]);
      for (let i = 0; i < 4 && block * 4 + i < count; i++) out[block * 4 + i] = words[i]!;
    }
    return out;
  }

  /** Uniform values in [low, high), float32. */
  uniform(shape: readonly number[], low = 0, high = 1): HostTensor {
    const words = this.words(sizeOf(shape));
    // 24 bits: every value is exact in float32, and 1 is never reached.
    const data = Float32Array.from(words, (word) => low + (high - low) * ((word >>> 8) * 2 ** -24));
    return new HostTensor(data, shape);
  }

  /** Normal values, float32, by the Box-Muller transform. */
  normal(shape: readonly number[], mean = 0, std = 1): HostTensor {
    const size = sizeOf(shape);
    const words = this.words(size + (size % 2));
    const data = new Float32Array(size);
    for (let i = 0; i < size; i += 2) {
      const radius = Math.sqrt(-2 * Math.log((words[i]! + 0.5) * TWO_POW_MINUS_32));
      const angle = 2 * Math.PI * words[i + 1]! * TWO_POW_MINUS_32;
      data[i] = mean + std * radius * Math.cos(angle);
      if (i + 1 < size) data[i + 1] = mean + std * radius * Math.sin(angle);
    }
    return new HostTensor(data, shape);
  }

  /** 1 with probability `p`, else 0, float32. */
  bernoulli(shape: readonly number[], p: number): HostTensor {
    const threshold = p * 2 ** 32;
    return new HostTensor(
      Float32Array.from(this.words(sizeOf(shape)), (word) => (word < threshold ? 1 : 0)),
      shape,
    );
  }

  /** An integer in [0, bound), without modulo bias. */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32)
      throw new RangeError(`bound: ${bound} is not in 1..2^32`);
    const limit = Math.floor(2 ** 32 / bound) * bound;
    for (let block = 0; ; block++) {
      const word = philox4x32([block, 0, 0, 3], [this.k0, this.k1])[0];
      if (word < limit) return word % bound;
    }
  }

  /** A uniformly random order of 0..count-1 (Fisher-Yates). */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.fold(i).integer(i + 1);
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }
}

/** FNV-1a, 64 bits, of the UTF-8 bytes of a name; as [low, high] words. */
function fnv1a64(name: string): [number, number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
}
