import { testChecks } from '@gmoe/core/testing';
import { coordinationContract } from '@gmoe/coordination-core/testing';
import { createComponent } from '@gmoe/core';
import { tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { normalCoordination } from './index.js';

const reference = normalCoordination.fidelity!.reference!;
testChecks(
  `coordination '${normalCoordination.id}' keeps the contract`,
  coordinationContract.checks(normalCoordination, [
    { name: 'paper' },
    { name: 'reference', options: reference, countsPadding: true, experts: [5, 5] },
    { name: 'decay, sigma fixed', options: { decay: 0.9, learnSigma: false } },
  ]),
);

const spec = { expertsPerLayer: [4], topK: 2 };
const layerOf = (gates: number[][]) => {
  const gates_TE = tf.tensor2d(gates);
  const mask_TE = gates_TE.greater(0).cast('float32') as tf.Tensor2D;
  return { logits_TE: gates_TE, probs_TE: gates_TE, mask_TE, gates_TE };
};

describe('Normal balance by numbers', () => {
  it('is KL(normal shape at 1..E || load) of the accumulated gates', () => {
    const strategy = createComponent(normalCoordination, {});
    const { trainable, state } = strategy.init(spec);
    const params = {
      trainable: { sigma: tf.tensor(trainable['sigma']!.data) },
      state: { 'count.0': tf.tensor(state['count.0']!.data).add(1) },
    };
    const layers = [
      layerOf([
        [0.6, 0.4, 0, 0],
        [0, 0.5, 0.5, 0],
        [0, 0, 0, 1],
      ]),
    ];
    const result = strategy.loss(params, { layers, tokenMask_T: tf.tensor1d([1, 1, 0]) }, spec);
    // python: p=scipy.stats.norm.pdf(np.arange(1,5),2,2); p/=p.sum(); v=np.array([1.6,1.9,1.5,1.]); v/=v.sum()
    //         scipy.stats.entropy(p,v)
    expect(result.loss.dataSync()[0]).toBeCloseTo(0.0014789, 6);
    expect([...result.state['count.0']!.dataSync()]).toEqual([1.6, 1.9, 1.5, 1].map((v) => expect.closeTo(v, 6)));
    expect(result.metrics['sigma.0']!.dataSync()[0]).toBeCloseTo(2, 5);
  });

  it('forgets by its decay', () => {
    const strategy = createComponent(normalCoordination, { decay: 0.5 });
    const { trainable } = strategy.init(spec);
    const result = strategy.loss(
      { trainable: { sigma: tf.tensor(trainable['sigma']!.data) }, state: { 'count.0': tf.tensor1d([8, 4, 2, 0]) } },
      { layers: [layerOf([[0.75, 0.25, 0, 0]])], tokenMask_T: tf.ones([1]) },
      spec,
    );
    expect([...result.state['count.0']!.dataSync()]).toEqual([4.75, 2.25, 1, 0]);
  });

  it('reference counts K times the probability before renormalisation', () => {
    const strategy = createComponent(normalCoordination, {}, { fidelity: 'reference' });
    const probs_TE = tf.tensor2d([[0.5, 0.3, 0.15, 0.05]]);
    const mask_TE = tf.tensor2d([[1, 1, 0, 0]]);
    const layer = { logits_TE: probs_TE, probs_TE, mask_TE, gates_TE: probs_TE };
    const result = strategy.loss(
      { trainable: { sigma: tf.tensor1d([2]) }, state: { 'count.0': tf.zeros([4]) } },
      { layers: [layer], tokenMask_T: tf.zeros([1]) },
      spec,
    );
    expect([...result.state['count.0']!.dataSync()]).toEqual([1, 0.6, 0, 0].map((v) => expect.closeTo(v, 6)));
  });
});
