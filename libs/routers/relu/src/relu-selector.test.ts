import { testChecks } from '@gmoe/core/testing';
import { matrixOf, selectOnBothEngines, selectorContract, rowsOf } from '@gmoe/routers-core/testing';
import { RandomKey } from '@gmoe/tensor';
import { expect, it } from 'vitest';
import { reluSelector } from './index.js';

testChecks(
  `selector '${reluSelector.id}' keeps the contract`,
  selectorContract.checks(reluSelector, [{ name: 'defaults', rowsSumToOne: false }]),
);

it('weights every positive logit by itself, and may choose nobody', async () => {
  const logits_TE = matrixOf([[-1, -2, -0.5], ...rowsOf(RandomKey.fromSeed(3).normal([5, 3]))]);
  const { eager, compiled } = await selectOnBothEngines(reluSelector.create({}), { logits_TE });
  for (const { gates_TE, mask_TE } of [eager, compiled]) {
    expect([...gates_TE.data]).toEqual([...logits_TE.data.map((z) => Math.max(0, z))]);
    expect([...mask_TE.data]).toEqual([...logits_TE.data].map((z) => (z > 0 ? 1 : 0)));
    expect([...mask_TE.data.subarray(0, 3)]).toEqual([0, 0, 0]);
  }
});

it('at one active expert is the switch selector without softmax: its logit weighs', async () => {
  const logits_TE = matrixOf([
    [0.7, -0.1, -3],
    [-1, -1, 2],
  ]);
  const { eager } = await selectOnBothEngines(reluSelector.create({}), { logits_TE });
  expect(rowsOf(eager.gates_TE)).toEqual([
    [expect.closeTo(0.7, 6), 0, 0],
    [0, 0, 2],
  ]);
});
