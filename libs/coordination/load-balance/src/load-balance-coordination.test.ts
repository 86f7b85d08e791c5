import { testChecks } from '@gmoe/core/testing';
import { coordinationContract } from '@gmoe/coordination-core/testing';
import { createComponent } from '@gmoe/core';
import { tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { loadBalanceCoordination } from './index.js';

const reference = loadBalanceCoordination.fidelity!.reference!;
testChecks(
  `coordination '${loadBalanceCoordination.id}' keeps the contract`,
  coordinationContract.checks(loadBalanceCoordination, [
    { name: 'paper' },
    { name: 'batch by batch', options: { over: 'batch' }, perBatch: true },
    { name: 'reference', options: reference, countsPadding: true, experts: [5, 5] },
  ]),
);

describe('load balance by numbers', () => {
  const create = (options: Record<string, unknown>) => createComponent(loadBalanceCoordination, options);
  const layerOf = (probs: number[][], mask: number[][]) => ({
    logits_TE: tf.tensor2d(probs),
    probs_TE: tf.tensor2d(probs),
    mask_TE: tf.tensor2d(mask),
    gates_TE: tf.tensor2d(probs),
  });
  const tokenMask_T = tf.tensor1d([1, 1, 0]);
  const layer = layerOf(
    [
      [0.7, 0.2, 0.1],
      [0.3, 0.6, 0.1],
      [0, 0, 1],
    ],
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  );

  it('is E sum f p over the real tokens', () => {
    // f = (.5, .5, 0), p = (.5, .4, .1): 3 (0.25 + 0.2) = 1.35
    const spec = { expertsPerLayer: [3], topK: 1 };
    const { loss } = create({}).loss({ trainable: {}, state: {} }, { layers: [layer], tokenMask_T }, spec);
    expect(loss.dataSync()[0]).toBeCloseTo(1.35, 6);
  });

  it('counts where tokens were sent, also those that found no room', () => {
    const dropped = { ...layer, mask_TE: tf.zerosLike(layer.mask_TE), assigned_TE: layer.mask_TE };
    const spec = { expertsPerLayer: [3], topK: 1 };
    const { loss } = create({}).loss({ trainable: {}, state: {} }, { layers: [dropped], tokenMask_T }, spec);
    expect(loss.dataSync()[0]).toBeCloseTo(1.35, 6);
  });

  it('pools layers only where they have the same experts', () => {
    const run = () => create({ poolLayers: true }).init({ expertsPerLayer: [3, 2], topK: 1 });
    expect(run).toThrow(/load-balance.poolLayers: true needs as many experts in every layer; they are 3, 2/);
  });
});
