import { testChecks } from '@gmoe/core/testing';
import { rowsOf, selectOnBothEngines, selectorContract } from '@gmoe/routers-core/testing';
import { HostTensor, RandomKey } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { expertChoiceSelector } from './index.js';

testChecks(
  `selector '${expertChoiceSelector.id}' keeps the contract`,
  selectorContract.checks(expertChoiceSelector, [
    { name: 'defaults', rowsSumToOne: false },
    { name: 'k = 1, by tokens in evaluation', options: { k: 1, evaluation: 'top-k' }, rowsSumToOne: false },
  ]),
);

describe('expert choice', () => {
  const TOKENS = 14;
  const logits_TE = RandomKey.fromSeed(14).normal([TOKENS + 3, 5], 0, 2);
  const mask_T = HostTensor.float(Array.from({ length: TOKENS + 3 }, (_, t) => (t < TOKENS ? 1 : 0)));
  const probs = rowsOf(logits_TE).map((row) => {
    const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
    return row.map((z) => Math.exp(z) / total);
  });

  it.each([1, 2, 5])('each expert takes its ceil(T k / E) best real tokens, k = %i', async (k) => {
    const places = Math.ceil((TOKENS * k) / 5);
    const want = probs.slice(0, TOKENS).map((row) =>
      row.map((p, e) => {
        const better = probs.slice(0, TOKENS).filter((other) => other[e]! > p).length;
        return better < places ? p : 0;
      }),
    );
    for (const training of [true, false]) {
      const { eager, compiled } = await selectOnBothEngines(expertChoiceSelector.create({ k }), {
        logits_TE,
        mask_T,
        training,
      });
      for (const { gates_TE, mask_TE } of [eager, compiled]) {
        expect(relativeError(gates_TE.data.subarray(0, TOKENS * 5), want.flat())).toBeLessThan(2e-6);
        for (let e = 0; e < 5; e++) {
          expect(
            rowsOf(mask_TE)
              .slice(0, TOKENS)
              .filter((row) => row[e] === 1),
          ).toHaveLength(places);
        }
      }
    }
  });

  it('by tokens in evaluation: each takes its k best, and says that it can generate', async () => {
    const selector = expertChoiceSelector.create({ k: 2, evaluation: 'top-k' });
    const { eager } = await selectOnBothEngines(selector, { logits_TE, mask_T, training: false });
    const want = probs.map((row) => row.map((p) => (row.filter((other) => other > p).length < 2 ? p : 0)));
    expect(relativeError(eager.gates_TE.data, want.flat())).toBeLessThan(2e-6);
    expect([selector.acausal, expertChoiceSelector.create({}).acausal]).toEqual([false, true]);
  });
});
