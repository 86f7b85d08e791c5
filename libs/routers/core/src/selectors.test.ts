import { testChecks } from '@gmoe/core/testing';
import { tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { denseSelector, topKSelector, topPSelector } from './index.js';
import { selectorContract } from './testing/index.js';

testChecks(
  `selector '${topKSelector.id}' keeps the contract`,
  selectorContract.checks(topKSelector, [
    { name: 'k = 2', options: { k: 2 } },
    { name: 'k = 1', options: { k: 1 }, constantGates: true },
    { name: 'k = E', options: { k: 6 } },
  ]),
);
testChecks(
  `selector '${denseSelector.id}' keeps the contract`,
  selectorContract.checks(denseSelector, [{ name: 'defaults' }]),
);
testChecks(
  `selector '${topPSelector.id}' keeps the contract`,
  selectorContract.checks(topPSelector, [{ name: 'defaults' }, { name: 'p = 0.4', options: { p: 0.4 } }]),
);

const context = { tokenMask_T: tf.tensor1d([1, 1]), training: true };
const probs_TE = tf.tensor2d([
  [0.1, 0.5, 0.15, 0.25],
  [0.97, 0.01, 0.01, 0.01],
]);
const output = { logits_TE: probs_TE.log() as tf.Tensor2D, probs_TE };
const table = (tensor: tf.Tensor) => tensor.arraySync() as number[][];

describe('selectors by numbers', () => {
  it('top-k keeps the largest, renormalised', () => {
    const { gates_TE, ids_TK, weights_TK } = topKSelector.create({ k: 2 }).select(output, context);
    expect(table(ids_TK)).toEqual([
      [1, 3],
      [0, 1],
    ]);
    // 0.5 / 0.75, 0.25 / 0.75; 0.97 / 0.98, 0.01 / 0.98
    expect(table(weights_TK).flat()).toEqual(
      [2 / 3, 1 / 3, 0.97 / 0.98, 0.01 / 0.98].map((value) => expect.closeTo(value, 6)),
    );
    expect(table(gates_TE)[0]).toEqual([0, expect.closeTo(2 / 3, 6), 0, expect.closeTo(1 / 3, 6)]);
  });

  it('top-k ranks by the selection scores and weights by the probabilities', () => {
    const selectionScores_TE = probs_TE.add<tf.Tensor2D>(tf.tensor1d([1, 0, 0, 0]));
    const { gates_TE } = topKSelector.create({ k: 2 }).select({ ...output, selectionScores_TE }, context);
    expect(table(gates_TE)[0]).toEqual([expect.closeTo(1 / 6, 6), expect.closeTo(5 / 6, 6), 0, 0]);
  });

  it('top-p takes the fewest experts that reach the mass', () => {
    const { mask_TE, gates_TE } = topPSelector.create({ p: 0.8 }).select(output, context);
    // 0.5 + 0.25 = 0.75 < 0.8, so the first token needs a third expert.
    expect(table(mask_TE)).toEqual([
      [0, 1, 1, 1],
      [1, 0, 0, 0],
    ]);
    expect(table(gates_TE)[0]).toEqual([0, 0.5 / 0.9, 0.15 / 0.9, 0.25 / 0.9].map((value) => expect.closeTo(value, 6)));
  });

  it('dense takes all', () => {
    expect(denseSelector.create({}).slots(4)).toBe(4);
    expect(table(denseSelector.create({}).select(output, context).gates_TE)[0]).toEqual(
      [0.1, 0.5, 0.15, 0.25].map((value) => expect.closeTo(value, 6)),
    );
  });
});
