import { testChecks } from '@gmoe/core/testing';
import { matrixOf, rowsOf, selectOnBothEngines, selectorContract } from '@gmoe/routers-core/testing';
import { HostTensor, RandomKey } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { sparsegenSelector } from './index.js';

testChecks(
  `selector '${sparsegenSelector.id}' keeps the contract`,
  selectorContract.checks(sparsegenSelector, [
    { name: 'defaults', options: { hidden: 6 } },
    { name: 'dense', options: { lambda: -3, hidden: 4 } },
    { name: 'lambda fixed', options: { lambda: 0.3, hidden: null } },
  ]),
);

/** The minimiser over every support, by brute force: each subset's stationary point, kept if it is on the simplex. */
function bruteForce(u: readonly number[], lambda: number): number[] {
  let best = { value: Infinity, p: [] as number[] };
  for (let subset = 1; subset < 1 << u.length; subset++) {
    const inside = u.map((_, e) => (subset >> e) & 1);
    const count = inside.reduce((sum, one) => sum + one, 0);
    const tau = (u.reduce((sum, value, e) => sum + value * inside[e]!, 0) - 1 + lambda) / count;
    const p = u.map((value, e) => (inside[e] ? (value - tau) / (1 - lambda) : 0));
    if (Math.min(...p) < 0) continue;
    const value = p.reduce((sum, each, e) => sum + (each - u[e]!) ** 2 - lambda * each ** 2, 0);
    if (value < best.value) best = { value, p };
  }
  return best.p;
}

describe('sparsegen', () => {
  const logits_TE = RandomKey.fromSeed(9).normal([12, 6], 0, 0.8);

  it.each([-4, -0.5, 0, 0.5, 0.9])('is the minimiser over the simplex, lambda %f', async (lambda) => {
    const selector = sparsegenSelector.create({ lambda, hidden: null });
    const want = matrixOf(rowsOf(logits_TE).map((u) => bruteForce(u, lambda)));
    const { eager, compiled } = await selectOnBothEngines(selector, { logits_TE });
    for (const { gates_TE, mask_TE } of [eager, compiled]) {
      expect(relativeError(gates_TE.data, want.data)).toBeLessThan(5e-6);
      expect([...mask_TE.data]).toEqual([...want.data].map((p) => (p > 0 ? 1 : 0)));
    }
  });

  it('is uniform for lambda towards minus infinity, and the sparser the larger lambda', async () => {
    const active = async (lambda: number) => {
      const { eager } = await selectOnBothEngines(sparsegenSelector.create({ lambda, hidden: null }), { logits_TE });
      return eager;
    };
    for (const p of (await active(-100)).gates_TE.data) expect(Math.abs(p - 1 / 6)).toBeLessThan(0.02);
    const counts = await Promise.all(
      [-100, -1, 0, 0.9].map(async (lambda) => [...(await active(lambda)).mask_TE.data].filter(Boolean).length),
    );
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(counts[0]).toBe(72);
    expect(counts.at(-1)!).toBeLessThan(16);
  });

  it('learns lambda from the token: starts at the given one, moves with the weights', async () => {
    const selector = sparsegenSelector.create({ lambda: -0.5, hidden: 3 });
    const key = RandomKey.fromSeed(1);
    const start = selector.init!(key, { modelWidth: 4, experts: 6, topK: 6, layer: 0 });
    const x_TD = key.fold('x').normal([12, 4]);
    const { eager } = await selectOnBothEngines(selector, { logits_TE, x_TD, trainable: start });
    for (const lambda of eager.sparsity_T!.data) expect(lambda).toBeCloseTo(-0.5, 5);
    const trainable = { ...start, 'out.weight': HostTensor.float([1, -2, 0.5], [1, 3]) };
    const moved = await selectOnBothEngines(selector, { logits_TE, x_TD, trainable });
    const want = rowsOf(x_TD).map((x) => {
      const h = rowsOf(start['hidden.weight']!).map((row) => row.reduce((sum, w, d) => sum + w * x[d]!, 0));
      const silu = h.map((value) => value / (1 + Math.exp(-value)));
      const out = silu[0]! - 2 * silu[1]! + 0.5 * silu[2]! + start['out.bias']!.data[0]!;
      return 0.99 - Math.log1p(Math.exp(out));
    });
    for (const each of [moved.eager, moved.compiled])
      expect(relativeError(each.sparsity_T!.data, want)).toBeLessThan(5e-6);
  });
});
