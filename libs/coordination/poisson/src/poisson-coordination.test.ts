import { testChecks } from '@gmoe/core/testing';
import { coordinationContract } from '@gmoe/coordination-core/testing';
import { tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { poissonCoordination, poissonLogTarget } from './index.js';

const reference = poissonCoordination.fidelity!.reference!;
testChecks(
  `coordination '${poissonCoordination.id}' keeps the contract`,
  coordinationContract.checks(poissonCoordination, [
    { name: 'paper' },
    { name: 'reference', options: reference, countsPadding: true },
    { name: 'lambda fixed', options: { learnLambda: false, lambda: 3 } },
    { name: '40 experts', experts: [40, 40] },
  ]),
);

describe('Poisson target', () => {
  it('is the normalised Poisson mass at 1..E', () => {
    // python: q=scipy.stats.poisson.pmf(np.arange(1,6),1.5); (q/q.sum()).round(7).tolist()
    const want = [0.4333108, 0.3249831, 0.1624915, 0.0609343, 0.0182803];
    const q = [...poissonLogTarget(tf.scalar(1.5), 5).exp().dataSync()];
    expect(q).toEqual(want.map((value) => expect.closeTo(value, 6)));
  });

  it('stays finite, with its loss and gradient, where the mass underflows float32', () => {
    const strategy = poissonCoordination.create({});
    const probs_TE = tf.softmax(tf.range(0, 64).mul<tf.Tensor1D>(0.5).reshape([1, 64])) as tf.Tensor2D;
    const one = tf.ones<tf.Rank.R2>([1, 64]);
    const layer = { logits_TE: probs_TE, probs_TE, mask_TE: one, gates_TE: one };
    const loss = (trained: tf.Tensor) =>
      strategy.loss(
        { trainable: { lambda: trained }, state: {} },
        { layers: [layer], tokenMask_T: tf.ones([1]) },
        { expertsPerLayer: [64], topK: 2 },
      ).loss;
    // Trained values that no step would reach: lambda stays positive.
    for (const trained of [-500, -20, 0, 20, 500]) {
      const { value, grad } = tf.valueAndGrad(loss)(tf.tensor1d([trained]));
      expect(Number.isFinite(value.dataSync()[0]!)).toBe(true);
      expect(Number.isFinite(grad.dataSync()[0]!)).toBe(true);
    }
  });
});
