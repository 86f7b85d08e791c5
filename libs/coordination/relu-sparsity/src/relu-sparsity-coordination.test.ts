import { coordinationContract } from '@gmoe/coordination-core/testing';
import { testChecks } from '@gmoe/core/testing';
import { tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { reluSparsityCoordination } from './index.js';

testChecks(
  `coordination '${reluSparsityCoordination.id}' keeps the contract`,
  coordinationContract.checks(reluSparsityCoordination, [
    { name: 'at its aim' },
    { name: 'denser than its aim', options: { k: 1, rate: 1.5, lambda: 0.1 } },
  ]),
);

describe('steered sparsity', () => {
  const gates = [
    [0.5, 0, 1.5],
    [0, 0, 2],
    [0.25, 0.5, 0],
    [7, 7, 7],
  ];
  const layer = (() => {
    const gates_TE = tf.tensor2d(gates);
    const mask_TE = gates_TE.greater(0).cast('float32') as tf.Tensor2D;
    return { logits_TE: gates_TE, probs_TE: gates_TE, mask_TE, gates_TE };
  })();
  const run = (options: object, lambda: number) =>
    reluSparsityCoordination
      .create(options)
      .loss(
        { trainable: {}, state: { lambda: tf.tensor1d([lambda]) } },
        { layers: [layer], tokenMask_T: tf.tensor1d([1, 1, 1, 0]) },
        { expertsPerLayer: [3], topK: 3 },
      );

  it('is lambda sum f G over the real tokens', () => {
    // f = 3 / (2 x 3) x (2, 1, 2); mean gates (0.75, 0.5, 3.5) / 3
    const want = 0.01 * (1 * 0.25 + 0.5 * (0.5 / 3) + 1 * (3.5 / 3));
    expect(run({ k: 2 }, 0.01).loss.dataSync()[0]).toBeCloseTo(want, 7);
  });

  it.each([
    ['fewer than aimed at: lambda falls', { k: 2 }, 1 / 1.2],
    ['more: it grows', { k: 1, rate: 1.5 }, 1.5],
    ['as many: it stays', { k: 5 / 3 }, 1],
  ])('%s', (_, options, factor) => {
    expect(run(options, 0.01).state['lambda']!.dataSync()[0]).toBeCloseTo(0.01 * factor, 8);
  });

  it('starts at the given lambda', () => {
    const { state } = reluSparsityCoordination.create({ lambda: 1e-4 }).init({ expertsPerLayer: [3, 5], topK: 2 });
    expect([...state['lambda']!.data]).toEqual([expect.closeTo(1e-4, 9), expect.closeTo(1e-4, 9)]);
  });
});
