import { ComponentRegistry, createComponent } from '@gmoe/core';
import { testChecks } from '@gmoe/core/testing';
import { routerKind } from '@gmoe/routers-core';
import {
  matrixOf,
  nextStateOnBothEngines,
  routeOnBothEngines,
  routerContract,
  rowsOf,
  stubRouter,
} from '@gmoe/routers-core/testing';
import { RandomKey, type HostTensor } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { centredRouter } from './index.js';

const registry = new ComponentRegistry([routerKind], [stubRouter('graph'), centredRouter]);
testChecks(
  `router '${centredRouter.id}' keeps the contract`,
  routerContract.checks(
    centredRouter,
    [{ name: 'defaults' }, { name: 'decay 0.5', options: { decay: 0.5 } }],
    registry,
  ),
);

describe('centred router', () => {
  const spec = { modelWidth: 3, experts: 4, topK: 2, layer: 0 };
  const x_TD = RandomKey.fromSeed(7).normal([10, 3], 1, 1);
  const mean = (rows: readonly number[][]) =>
    rows[0]!.map((_, e) => rows.reduce((sum, row) => sum + row[e]!, 0) / rows.length);

  it.each([0, 0.25])('subtracts the mean of past steps, decay %f', async (decay) => {
    const router = createComponent(centredRouter, { decay }, { registry });
    const { trainable, state } = router.init(RandomKey.fromSeed(1), spec);
    const plain = rowsOf(x_TD).map((x) =>
      rowsOf(trainable['weight']!).map((w) => 2 * Math.tanh(w.reduce((sum, value, d) => sum + value * x[d]!, 0))),
    );
    let carried: Record<string, HostTensor> = { ...state };
    const past = [0, 0, 0, 0];
    for (let step = 0; step < 3; step++) {
      const { eager, compiled } = await routeOnBothEngines(router, spec, { trainable, state: carried }, x_TD, true);
      const want = matrixOf(plain.map((row) => row.map((z, e) => z - past[e]!)));
      for (const { logits_TE } of [eager, compiled])
        expect(relativeError(logits_TE.data, want.data)).toBeLessThan(2e-6);
      const next = await nextStateOnBothEngines(router, spec, carried, eager.logits_TE);
      mean(plain).forEach((value, e) => (past[e] = decay * past[e]! + (1 - decay) * value));
      for (const each of [next.eager, next.compiled])
        expect(relativeError(each['mean']!.data, past)).toBeLessThan(2e-6);
      carried = { ...next.eager } as Record<string, HostTensor>;
    }
  });
});
