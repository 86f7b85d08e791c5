import { testChecks } from '@gmoe/core/testing';
import { matrixOf, rowsOf, selectOnBothEngines, selectorContract } from '@gmoe/routers-core/testing';
import { HostTensor, RandomKey } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { sinkhornSelector } from './index.js';

testChecks(
  `selector '${sinkhornSelector.id}' keeps the contract`,
  selectorContract.checks(sinkhornSelector, [
    { name: 'defaults', rowsSumToOne: false },
    { name: 'two experts', options: { k: 2, iterations: 5 }, rowsSumToOne: false },
  ]),
);

/** Megatron-LM's iterations in float64 over the real tokens, then each row's k best. */
function naive(z: readonly number[][], k: number, iterations: number): number[][] {
  const [T, E] = [z.length, z[0]!.length];
  const cost = z.map((row) => row.map(Math.exp));
  let d1 = Array.from({ length: E }, () => 1);
  for (let i = 0; i < iterations; i++) {
    const d0 = cost.map((row) => 1 / T / row.reduce((sum, c, e) => sum + c * d1[e]!, 0));
    d1 = d1.map((_, e) => 1 / E / cost.reduce((sum, row, t) => sum + row[e]! * d0[t]!, 0));
  }
  return cost.map((row) => {
    const scores = row.map((c, e) => c * d1[e]!);
    const best = scores
      .map((score, e) => [score, e] as const)
      .toSorted((a, b) => b[0] - a[0])
      .slice(0, k);
    return row.map((_, e) => (best.some(([, id]) => id === e) ? 1 : 0));
  });
}

describe('sinkhorn selector', () => {
  // Nearly all tokens prefer expert 0.
  const z = rowsOf(RandomKey.fromSeed(8).normal([24, 4])).map((row) =>
    row.map((value, e) => value + (e === 0 ? 3 : 0)),
  );
  const logits_TE = matrixOf([...z, [9, -9, 4, 4], [9, -9, 4, 4]]);
  const mask_T = HostTensor.float(Array.from({ length: 26 }, (_, t) => (t < 24 ? 1 : 0)));
  const load = (mask: HostTensor) =>
    rowsOf(mask)
      .slice(0, 24)
      .reduce((sum, row) => sum.map((n, e) => n + row[e]!));

  it.each([
    [1, 20],
    [2, 3],
    [1, 1],
  ])('chooses as Megatron-LM iterates, k = %i, %i iterations', async (k, iterations) => {
    const { eager, compiled } = await selectOnBothEngines(sinkhornSelector.create({ k, iterations }), {
      logits_TE,
      mask_T,
    });
    const want = naive(z, k, iterations).flat();
    for (const { mask_TE, gates_TE } of [eager, compiled]) {
      expect([...mask_TE.data.subarray(0, 96)]).toEqual(want);
      const weight = (t: number, e: number) => {
        if (k === 1) return 1 / (1 + Math.exp(-z[t]![e]!));
        return Math.exp(z[t]![e]!) / z[t]!.reduce((sum, value) => sum + Math.exp(value), 0);
      };
      const gates = want.map((chosen, i) => chosen * weight(Math.floor(i / 4), i % 4));
      expect(relativeError(gates_TE.data.subarray(0, 96), gates)).toBeLessThan(5e-6);
    }
  });

  it('balances in training, takes the best in evaluation', async () => {
    const selector = sinkhornSelector.create({});
    const trained = await selectOnBothEngines(selector, { logits_TE, mask_T });
    const evaluated = await selectOnBothEngines(selector, { logits_TE, mask_T, training: false });
    expect(load(evaluated.eager.mask_TE)[0]).toBeGreaterThan(20);
    expect(Math.max(...load(trained.eager.mask_TE))).toBeLessThanOrEqual(9);
  });
});
