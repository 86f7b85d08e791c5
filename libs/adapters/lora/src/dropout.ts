import { HostTensor, type RandomKey, sizeOf, type tf } from '@gmoe/tensor';

/** Which elements to keep, for a dropout of probability `rate`: 1 keep, 0 drop; stored in bytes. */
export function keepMask(key: RandomKey, shape: readonly number[], rate: number): HostTensor {
  const threshold = rate * 2 ** 32;
  return new HostTensor(
    Uint8Array.from(stream(key, sizeOf(shape)), (word) => (word < threshold ? 0 : 1)),
    shape,
    'bool',
  );
}

/** `x * keep / (1 - rate)` (inverted dropout). Same shapes. */
export function applyDropout<T extends tf.Tensor>(x: T, keep: tf.Tensor | undefined, rate: number): T {
  return keep === undefined || rate === 0 ? x : x.mul<T>(keep.cast('float32').mul(1 / (1 - rate)));
}

/**
 * Words of xoshiro128** (Blackman & Vigna 2018) seeded by a key: a mask for every token and site of a step is millions of
 * words, which the counter-based generator would take seconds for.
 */
function stream(key: RandomKey, count: number): Uint32Array {
  let [a, b, c, d] = key.words(4) as unknown as [number, number, number, number];
  const out = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const product = Math.imul(b, 5);
    out[i] = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
  }
  return out;
}
