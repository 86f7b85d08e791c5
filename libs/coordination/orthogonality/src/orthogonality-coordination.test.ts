import { coordinationContract } from '@gmoe/coordination-core/testing';
import { createComponent } from '@gmoe/core';
import { testChecks } from '@gmoe/core/testing';
import { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import { onBothEngines } from '@gmoe/tensor/testing';
import { expect, it } from 'vitest';
import { orthogonalityCoordination } from './index.js';

testChecks(
  `coordination '${orthogonalityCoordination.id}' keeps the contract`,
  coordinationContract.checks(orthogonalityCoordination, [
    { name: 'defaults' },
    { name: 'a large epsilon', options: { epsilon: 0.5 } },
  ]),
);

const [TOKENS, EXPERTS, WIDTH] = [5, 3, 7];
const outputs = RandomKey.fromSeed(8).normal([TOKENS * EXPERTS, WIDTH]);
const y = (t: number, e: number) => [
  ...outputs.data.subarray((t * EXPERTS + e) * WIDTH, (t * EXPERTS + e + 1) * WIDTH),
];
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const chosen = [1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1];
const real = [1, 1, 1, 1, 0];

/** The projections themselves, vector by vector. */
function naive(epsilon: number): number {
  let sum = 0;
  for (let t = 0; t < TOKENS; t++) {
    for (let j = 0; j < EXPERTS; j++) {
      for (let k = 0; k < EXPERTS; k++) {
        if (j === k || !real[t] || !chosen[t * EXPERTS + j] || !chosen[t * EXPERTS + k]) continue;
        const factor = dot(y(t, j), y(t, k)) / (dot(y(t, k), y(t, k)) + epsilon);
        sum += y(t, k).reduce((all, value) => all + (factor * value) ** 2, 0);
      }
    }
  }
  return sum / real.reduce((a, b) => a + b);
}

it.each([1e-6, 2])(
  'is the mean squared length of projections of one expert upon another, epsilon %f',
  async (epsilon) => {
    const strategy = createComponent(orthogonalityCoordination, { epsilon });
    const { eager, compiled } = await onBothEngines(
      (_: object, y_NW: tf.Tensor2D, mask_TE: tf.Tensor2D, tokenMask_T: tf.Tensor1D) => {
        const y_TEW = y_NW.reshape<tf.Tensor3D>([TOKENS, EXPERTS, WIDTH]);
        const products = tf.matMul<tf.Tensor3D>(y_TEW, y_TEW, false, true);
        const layer = { logits_TE: mask_TE, probs_TE: mask_TE, mask_TE, gates_TE: mask_TE, outputProducts: [products] };
        const context = { layers: [layer], tokenMask_T };
        return strategy.loss({ trainable: {}, state: {} }, context, { expertsPerLayer: [EXPERTS], topK: 2 }).loss;
      },
      {},
      [outputs, HostTensor.float(chosen, [TOKENS, EXPERTS]), HostTensor.float(real)],
    );
    expect(eager.item()).toBeCloseTo(naive(epsilon), 4);
    expect(compiled.item()).toBeCloseTo(naive(epsilon), 4);
  },
);
