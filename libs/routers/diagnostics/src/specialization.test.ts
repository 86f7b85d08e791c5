import { describe, expect, it } from 'vitest';
import { specialization } from './index.js';

/** Uniform numbers in [0, 1) (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('specialisation by hand', () => {
  it('is 0 where every domain has the same load, 1 where every expert has a domain of its own', () => {
    const same = specialization(
      [
        [6, 3, 1],
        [12, 6, 2],
      ],
      10,
    )!;
    expect(same.nats).toBeCloseTo(0, 12);
    const own = specialization(
      [
        [5, 0, 0, 0],
        [0, 2, 3, 0],
        [0, 0, 0, 5],
      ],
      10,
    )!;
    expect(own.nats).toBeCloseTo(Math.log(3), 12);
    expect(own.normalized).toBeCloseTo(1, 12);
  });

  it('is ln 2 - H(0.8) for two domains and two experts that keep 80 % to theirs', () => {
    const { nats, normalized, bias } = specialization(
      [
        [8, 2],
        [2, 8],
      ],
      10,
    )!;
    // H(0.8) = 0.5004024 nats = 0.7219281 bits; bias (2 - 1)(2 - 1) / (2 10) nats = 0.0721348 of ln 2
    expect(nats).toBeCloseTo(0.1927448, 6);
    expect(normalized).toBeCloseTo(0.2780719, 6);
    expect(bias).toBeCloseTo(0.0721348, 6);
  });

  it('does not count domains and experts that never occur, and needs two domains', () => {
    const two = specialization(
      [
        [8, 0, 2],
        [0, 0, 0],
        [2, 0, 8],
      ],
      10,
    )!;
    expect(two.normalized).toBeCloseTo(0.2780719, 6);
    expect(two.bias).toBeCloseTo(0.0721348, 6);
    expect(specialization([[4, 4]], 10)).toBeUndefined();
    expect(
      specialization(
        [
          [4, 4],
          [0, 0],
        ],
        10,
      ),
    ).toBeUndefined();
    expect(specialization([], 10)).toBeUndefined();
  });

  it('its bias is what independent routings give on average: 400 draws, within 12 %', () => {
    // Four experts, three domains, 600 observations: (3 2) / (2 600) = 0.005 nats. Twice N times the estimate is about
    // chi-square with 6 degrees of freedom, so the mean of 400 has a standard error of 2.9 %.
    const random = uniform(7);
    let sum = 0;
    for (let draw = 0; draw < 400; draw++) {
      const counts = Array.from({ length: 3 }, () => [0, 0, 0, 0]);
      for (let i = 0; i < 600; i++) counts[Math.floor(3 * random())]![Math.floor(4 * random())]!++;
      sum += specialization(counts, 600)!.nats;
    }
    expect(sum / 400 / 0.005).toBeGreaterThan(0.88);
    expect(sum / 400 / 0.005).toBeLessThan(1.12);
  });
});
