import { describe, expect, it } from 'vitest';
import { RandomKey, philox4x32 } from './random-key.js';

describe('philox4x32', () => {
  // Known-answer vectors distributed with Random123 (philox4x32, 10 rounds).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('counter %j key %j', (counter, key, expected) => {
    expect(philox4x32(counter, key)).toEqual(expected);
  });
});

describe('RandomKey', () => {
  const key = RandomKey.fromSeed(7);

  it('gives the same values for the same name and others for another', () => {
    expect(key.fold('a').words(5)).toEqual(key.fold('a').words(5));
    expect(key.fold('a').words(5)).not.toEqual(key.fold('b').words(5));
    expect(key.fold(1).words(5)).not.toEqual(RandomKey.fromSeed(8).fold(1).words(5));
  });

  it('draws normal values with the asked moments', () => {
    const { data } = key.fold('normal').normal([200_000], 1, 2);
    const mean = (data as Float32Array).reduce((a, b) => a + b, 0) / data.length;
    const variance = (data as Float32Array).reduce((a, b) => a + (b - mean) ** 2, 0) / data.length;
    expect(Math.abs(mean - 1)).toBeLessThan(0.02); // 4.5 standard errors
    expect(Math.abs(Math.sqrt(variance) - 2)).toBeLessThan(0.015);
  });

  it('permutes without loss and nearly uniformly', () => {
    expect([...key.permutation(100)].sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = key.fold('order').fold(i).permutation(3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(6);
    expect(chiSquare).toBeLessThan(20.5); // 5 degrees of freedom, p = 0.001
  });
});
