import { testChecks } from '@gmoe/core/testing';
import { topKSelector } from '@gmoe/routers-core';
import { routerContract } from '@gmoe/routers-core/testing';
import { tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { noisyTopKRouter } from './index.js';

testChecks(
  `router '${noisyTopKRouter.id}' keeps the contract`,
  routerContract.checks(noisyTopKRouter, [{ name: 'defaults' }, { name: 'random start', options: { std: 0.3 } }]),
);

describe('noisy top-k router by numbers', () => {
  const router = noisyTopKRouter.create({ noiseFloor: 0 });
  const spec = { modelWidth: 1, experts: 3, topK: 2, layer: 0 };
  const params = {
    trainable: { weight: tf.tensor2d([[1], [0.5], [0]]), 'noise.weight': tf.tensor2d([[0], [1], [-1]]) },
    frozen: {},
    state: {},
  };
  const tokenMask_T = tf.ones<tf.Rank.R1>([1]);
  const noise_TE = tf.tensor2d([[-2, 1, 0.5]]);
  const x_TD = tf.tensor2d([[2]]);

  it('adds noise of the learned size in training, and none in evaluation', () => {
    // python: log1p(exp([0, 2, -2])) = 0.69314718, 2.12692801, 0.12692801
    const noisy = router.route(params, x_TD, { tokenMask_T, training: true, noise_TE }, spec);
    const h = [2 - 2 * 0.69314718, 1 + 2.12692801, 0.5 * 0.12692801];
    expect([...noisy.logits_TE.dataSync()]).toEqual(h.map((value) => expect.closeTo(value, 5)));
    const quiet = router.route(params, x_TD, { tokenMask_T, training: false }, spec);
    expect([...quiet.logits_TE.dataSync()]).toEqual([2, 1, 0]);
    expect(() => router.route(params, x_TD, { tokenMask_T, training: true }, spec)).toThrow(/needs noise_TE/);
  });

  it('with top-k the weights are softmax(KeepTopK(H, k))', () => {
    const context = { tokenMask_T, training: true, noise_TE };
    const output = router.route(params, x_TD, context, spec);
    const { gates_TE } = topKSelector.create({ k: 2 }).select(output, context);
    const [a, b] = [2 - 2 * 0.69314718, 1 + 2.12692801].map(Math.exp) as [number, number];
    expect([...gates_TE.dataSync()]).toEqual([a / (a + b), b / (a + b), 0].map((value) => expect.closeTo(value, 5)));
  });
});
