import { testChecks } from '@gmoe/core/testing';
import { coordinationContract } from '@gmoe/coordination-core/testing';
import { lossOfStep, passSums, type CoordinationContext } from '@gmoe/coordination-core';
import { createComponent } from '@gmoe/core';
import { HostTensor, RandomKey, tensorOf, tf } from '@gmoe/tensor';
import { onBothEngines } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { loadBalanceCoordination } from './index.js';

const reference = loadBalanceCoordination.fidelity!.reference!;
testChecks(
  `coordination '${loadBalanceCoordination.id}' keeps the contract`,
  coordinationContract.checks(loadBalanceCoordination, [
    { name: 'paper' },
    { name: 'batch by batch', options: { over: 'batch' }, perBatch: true },
    { name: 'sequence by sequence', options: { over: 'sequence' }, perBatch: true },
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

describe('load balance over sequences', () => {
  const EXPERTS = 4;
  // Two rows of five: sequences of 3 and 2 tokens, one of 4 with padding behind it.
  const segments = [1, 1, 1, 2, 2, 1, 1, 1, 1, 0];
  const sequences = [
    [0, 1, 2],
    [3, 4],
    [5, 6, 7, 8],
  ];
  const key = RandomKey.fromSeed(17);
  const logits = key.normal([10, EXPERTS]);
  const strategy = createComponent(loadBalanceCoordination, { over: 'sequence' });
  const spec = { expertsPerLayer: [EXPERTS], topK: 1 };
  const contextOf = (scores: tf.Tensor2D, marks_BS: tf.Tensor2D): CoordinationContext => {
    const probs_TE = tf.softmax(scores);
    const mask_TE = tf.oneHot(tf.argMax(scores, 1), EXPERTS).cast<tf.Tensor2D>('float32');
    const tokenMask_T = marks_BS.reshape([-1]).greater(0).cast<tf.Tensor1D>('float32');
    const layer = { logits_TE: scores, probs_TE, mask_TE, gates_TE: probs_TE };
    return { layers: [layer], tokenMask_T, segments_BS: marks_BS };
  };
  const evaluate = (context: CoordinationContext) => strategy.loss({ trainable: {}, state: {} }, context, spec);

  const row = (t: number) => [...logits.data.subarray(EXPERTS * t, EXPERTS * (t + 1))];
  const naive = () => {
    const perSequence = sequences.map((tokens) => {
      let sum = 0;
      for (let e = 0; e < EXPERTS; e++) {
        const chosen = tokens.filter((t) => row(t).indexOf(Math.max(...row(t))) === e).length / tokens.length;
        const p = tokens.map((t) => Math.exp(row(t)[e]!) / row(t).reduce((all, z) => all + Math.exp(z), 0));
        sum += EXPERTS * chosen * (p.reduce((all, each) => all + each, 0) / tokens.length);
      }
      return sum;
    });
    return perSequence.reduce((all, each) => all + each, 0) / sequences.length;
  };

  it('is the mean over examples of E sum f p', async () => {
    const { eager, compiled } = await onBothEngines(
      (_: object, scores: tf.Tensor2D, marks_BS: tf.Tensor2D) => evaluate(contextOf(scores, marks_BS)).loss,
      {},
      [logits, HostTensor.int(segments, [2, 5])],
    );
    expect(eager.item()).toBeCloseTo(naive(), 5);
    expect(compiled.item()).toBeCloseTo(naive(), 5);
  });

  it('of two batches is that of one', () => {
    const all = tensorOf(logits) as tf.Tensor2D;
    const halves = [0, 5].map((first) =>
      contextOf(all.slice([first, 0], [5, EXPERTS]), tf.tensor2d(segments.slice(first, first + 5), [1, 5], 'int32')),
    );
    const sums = halves
      .map((half) => passSums(evaluate, half))
      .reduce((total, more) => total.map((sum, i) => sum.add(more[i]!)));
    for (const half of halves) {
      const { loss } = lossOfStep(evaluate, half, { sums, batches: tf.scalar(2) });
      expect(loss.dataSync()[0]).toBeCloseTo(naive(), 5);
    }
  });

  it('refuses options of the other spans', () => {
    expect(() => createComponent(loadBalanceCoordination, { over: 'sequence', poolLayers: true })).toThrow(
      /poolLayers/,
    );
  });
});
