import { testChecks } from '@gmoe/core/testing';
import { matrixOf, rowsOf, selectOnBothEngines, selectorContract } from '@gmoe/routers-core/testing';
import { HostTensor, RandomKey } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { thresholdSelector } from './index.js';

testChecks(
  `selector '${thresholdSelector.id}' keeps the contract`,
  selectorContract.checks(thresholdSelector, [
    { name: 'defaults' },
    { name: 'up to 0.9', options: { maxThreshold: 0.9 }, rowsSumToOne: false },
  ]),
);

describe('threshold selector', () => {
  const key = RandomKey.fromSeed(12);
  const logits_TE = key.fold('logits').normal([20, 5], 0, 1.5);
  const x_TD = key.fold('x').normal([20, 3]);
  const trainable = { weight: HostTensor.float([0.5, -1, 2], [1, 3]), bias: HostTensor.float([0.3]) };

  it.each([null, 0.7])('keeps what is above tau(x), weighted by the excess, maxThreshold %s', async (maxThreshold) => {
    const want = rowsOf(logits_TE).map((row, t) => {
      const odds = row.map(Math.exp);
      const total = odds.reduce((sum, each) => sum + each, 0);
      const [a, b, c] = rowsOf(x_TD)[t] as [number, number, number];
      const tau = (maxThreshold ?? 0.2) / (1 + Math.exp(-(0.5 * a - b + 2 * c + 0.3)));
      const kept = odds.map((each) => Math.max(0, each / total - tau));
      const sum = kept.reduce((all, each) => all + each, 0);
      return kept.map((each) => (sum === 0 ? 0 : each / sum));
    });
    const selector = thresholdSelector.create({ maxThreshold });
    const { eager, compiled } = await selectOnBothEngines(selector, { logits_TE, x_TD, trainable });
    for (const { gates_TE } of [eager, compiled]) {
      expect(relativeError(gates_TE.data, matrixOf(want).data)).toBeLessThan(5e-6);
    }
    // 1 / E leaves every token an expert; a higher one does not.
    expect(want.some((row) => row.every((gate) => gate === 0))).toBe(maxThreshold !== null);
  });
});
