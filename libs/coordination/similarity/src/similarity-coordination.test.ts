import { coordinationContract } from '@gmoe/coordination-core/testing';
import { testChecks } from '@gmoe/core/testing';
import { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import { onBothEngines } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { similarityCoordination } from './index.js';

testChecks(
  `coordination '${similarityCoordination.id}' keeps the contract`,
  coordinationContract.checks(similarityCoordination, [{ name: 'defaults', ofParameters: true }]),
);

describe('similarity loss', () => {
  const strategy = similarityCoordination.create({});
  const lossOf = async (map: HostTensor) => {
    const { eager, compiled } = await onBothEngines(
      (_: object, map_ED: tf.Tensor2D) => {
        const any = tf.ones<tf.Rank.R2>([1, map_ED.shape[0]]);
        const layer = { logits_TE: any, probs_TE: any, mask_TE: any, gates_TE: any, map_ED };
        const context = { layers: [layer], tokenMask_T: tf.ones<tf.Rank.R1>([1]) };
        return strategy.loss({ trainable: {}, state: {} }, context, { expertsPerLayer: [map_ED.shape[0]], topK: 1 })
          .loss;
      },
      {},
      [map],
    );
    expect(compiled.item()).toBeCloseTo(eager.item(), 5);
    return eager.item();
  };

  it('is the sum of |<R_i, R_j> - [i = j]|, 0 for orthogonal rows of length 1', async () => {
    const map = RandomKey.fromSeed(3).normal([4, 7], 0, 0.6);
    const row = (e: number) => [...map.data.subarray(7 * e, 7 * e + 7)];
    let want = 0;
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        const dot = row(i).reduce((sum, value, d) => sum + value * row(j)[d]!, 0);
        want += Math.abs(dot - (i === j ? 1 : 0));
      }
    }
    expect(await lossOf(map)).toBeCloseTo(want, 4);
    expect(await lossOf(HostTensor.float([0.6, 0.8, 0, 0.8, -0.6, 0], [2, 3]))).toBeCloseTo(0, 6);
  });
});
