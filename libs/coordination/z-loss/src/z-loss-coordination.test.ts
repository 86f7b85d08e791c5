import { testChecks } from '@gmoe/core/testing';
import { coordinationContract } from '@gmoe/coordination-core/testing';
import { tf } from '@gmoe/tensor';
import { expect, it } from 'vitest';
import { zLossCoordination } from './index.js';

testChecks(
  `coordination '${zLossCoordination.id}' keeps the contract`,
  coordinationContract.checks(zLossCoordination, [
    { name: 'defaults' },
    { name: 'padding counted', options: { includePadding: true }, countsPadding: true },
  ]),
);

it('is the mean square of logsumexp', () => {
  const strategy = zLossCoordination.create({});
  const layerOf = (logits: number[][]) => {
    const logits_TE = tf.tensor2d(logits);
    return { logits_TE, probs_TE: tf.softmax(logits_TE), mask_TE: logits_TE, gates_TE: logits_TE };
  };
  const { loss } = strategy.loss(
    { trainable: {}, state: {} },
    {
      layers: [
        layerOf([
          [1, 2, 3],
          [9, 9, 9],
        ]),
        layerOf([
          [0, 0],
          [0, 0],
        ]),
      ],
      tokenMask_T: tf.tensor1d([1, 0]),
    },
    { expertsPerLayer: [3, 2], topK: 1 },
  );
  // python: (scipy.special.logsumexp([1,2,3])**2 + np.log(2)**2)/2
  expect(loss.dataSync()[0]).toBeCloseTo(6.0461157, 5);
});
