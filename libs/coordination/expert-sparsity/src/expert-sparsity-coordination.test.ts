import { coordinationContract } from '@gmoe/coordination-core/testing';
import { testChecks } from '@gmoe/core/testing';
import { RandomKey, tensorOf, tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { expertSparsityCoordination } from './index.js';

testChecks(
  `coordination '${expertSparsityCoordination.id}' keeps the contract`,
  coordinationContract.checks(expertSparsityCoordination, [
    { name: 'k = 1', options: { k: 1 } },
    { name: 'k = 3', options: { k: 3 } },
  ]),
);

/** Experts of the sparsegen projection: the largest k for which `1 - lambda + k u_(k) > sum of the k largest u`. */
function activeOf(u: readonly number[], lambda: number): number {
  const sorted = u.toSorted((a, b) => b - a);
  const holds = sorted.map(
    (value, i) => 1 - lambda + (i + 1) * value > sorted.slice(0, i + 1).reduce((sum, x) => sum + x, 0),
  );
  return holds.lastIndexOf(true) + 1;
}

describe('expert sparsity', () => {
  const logits_TE = tensorOf(RandomKey.fromSeed(4).normal([40, 6], 0, 0.7)) as tf.Tensor2D;
  const lossAt = (k: number, lambda: number, row: number) => {
    const u = logits_TE.slice([row, 0], [1, 6]);
    const sparsity_T = tf.tensor1d([lambda]);
    const layer = { logits_TE: u, probs_TE: u, mask_TE: u, gates_TE: u, sparsity_T };
    const { loss } = expertSparsityCoordination
      .create({ k })
      .loss(
        { trainable: {}, state: {} },
        { layers: [layer], tokenMask_T: tf.ones<tf.Rank.R1>([1]) },
        { expertsPerLayer: [6], topK: 6 },
      );
    const active = activeOf([...u.dataSync()], lambda);
    return { loss: loss.dataSync()[0]!, active };
  };

  it('is 0 exactly where sparsegen gives a token at most k experts, and else the distance of lambda to that', () => {
    for (let row = 0; row < 40; row++) {
      for (const k of [1, 2, 3]) {
        const { loss, active } = lossAt(k, -0.2, row);
        expect(loss > 0).toBe(active > k);
        if (loss > 0 && loss < 1.1) {
          expect(lossAt(k, -0.2 + loss + 1e-4, row).active).toBeLessThanOrEqual(k);
          expect(lossAt(k, -0.2 + loss - 1e-4, row).active).toBeGreaterThan(k);
        }
      }
    }
  });
});
