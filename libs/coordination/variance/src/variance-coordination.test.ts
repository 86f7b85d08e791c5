import { coordinationContract } from '@gmoe/coordination-core/testing';
import { testChecks } from '@gmoe/core/testing';
import { tf } from '@gmoe/tensor';
import { expect, it } from 'vitest';
import { varianceCoordination } from './index.js';

testChecks(
  `coordination '${varianceCoordination.id}' keeps the contract`,
  coordinationContract.checks(varianceCoordination, [
    { name: 'defaults' },
    { name: 'padding counted', options: { includePadding: true }, countsPadding: true },
  ]),
);

it('is minus the mean variance over real tokens', () => {
  const rows = [
    [0.7, 0.2, 0.1],
    [0.1, 0.2, 0.7],
    [0.4, 0.5, 0.1],
    [0, 0, 1],
  ];
  const probs_TE = tf.tensor2d(rows);
  const layer = { logits_TE: probs_TE, probs_TE, mask_TE: probs_TE, gates_TE: probs_TE };
  const { loss } = varianceCoordination
    .create({})
    .loss(
      { trainable: {}, state: {} },
      { layers: [layer], tokenMask_T: tf.tensor1d([1, 1, 1, 0]) },
      { expertsPerLayer: [3], topK: 1 },
    );
  const variance = (values: number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  };
  const want = [0, 1, 2].map((e) => variance(rows.slice(0, 3).map((row) => row[e]!)));
  expect(loss.dataSync()[0]).toBeCloseTo(-(want[0]! + want[1]! + want[2]!) / 3, 6);
});
