import { testChecks } from '@gmoe/core/testing';
import { matrixOf, routeOnBothEngines, routerContract, rowsOf } from '@gmoe/routers-core/testing';
import { HostTensor, RandomKey } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { cosineRouter } from './index.js';

testChecks(
  `router '${cosineRouter.id}' keeps the contract`,
  routerContract.checks(cosineRouter, [
    { name: 'width 8', options: { width: 8 } },
    { name: 'scale 20', options: { width: 4, scale: 20 } },
  ]),
);

describe('cosine router', () => {
  const spec = { modelWidth: 5, experts: 4, topK: 2, layer: 0 };
  const key = RandomKey.fromSeed(2);
  const x_TD = key.fold('x').normal([6, 5]);

  const length = (row: readonly number[]) => Math.hypot(...row);
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  /** Token by token, expert by expert. */
  const naive = (proj: number[][], experts: number[][], factor: number) =>
    rowsOf(x_TD).map((x) => {
      const c = proj.map((row) => dot(row, x));
      return experts.map((s) => (factor * dot(c, s)) / (length(c) * length(s)));
    });

  it.each([
    ['tau learned to 1.3', 1.3, Math.exp(1.3)],
    ['tau beyond its largest', 9, 100],
  ])('is the scaled cosine, %s', async (_, tau, factor) => {
    const router = cosineRouter.create({ width: 3 });
    const { trainable } = router.init(key, spec);
    const params = { trainable: { ...trainable, tau: HostTensor.float([tau]) } };
    const want = naive(rowsOf(trainable['proj.weight']!), rowsOf(trainable['experts.weight']!), factor);
    const { eager, compiled } = await routeOnBothEngines(router, spec, params, x_TD);
    for (const { logits_TE } of [eager, compiled]) {
      expect(relativeError(logits_TE.data, matrixOf(want).data)).toBeLessThan(2e-6);
    }
  });

  it('starts at the scale that is asked for, and with the width', () => {
    const at = (options: object) => cosineRouter.create(options).init(key, spec).trainable;
    expect(at({})['tau']!.data[0]).toBeCloseTo(Math.log(2), 6);
    expect(at({ scale: 10 })['tau']!.data[0]).toBeCloseTo(Math.log(10), 6);
    expect(at({ width: 7 })['proj.weight']!.shape).toEqual([7, 5]);
  });
});
