import { testChecks } from '@gmoe/core/testing';
import { selectorContract } from '@gmoe/routers-core/testing';
import { tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { switchSelector } from './index.js';

testChecks(
  `selector '${switchSelector.id}' keeps the contract`,
  selectorContract.checks(switchSelector, [
    { name: 'capacity 1.25', rowsSumToOne: false, dependsOnOrder: true },
    { name: 'no capacity', options: { capacityFactor: null }, rowsSumToOne: false },
    {
      name: 'weight 1',
      options: { capacityFactor: null, renormalize: true },
      constantGates: true,
    },
  ]),
);

describe('switch selector by numbers', () => {
  // Six tokens, two experts: the expert of each token, and whether it is a real token.
  const experts = [0, 0, 1, 0, 0, 1];
  const real = [1, 0, 1, 1, 1, 1];
  const probs_TE = tf.tensor2d(experts.map((e) => (e === 0 ? [0.8, 0.2] : [0.3, 0.7])));
  const output = { logits_TE: probs_TE, probs_TE };
  const select = (options: object, training = true) =>
    switchSelector.create(options).select(output, { tokenMask_T: tf.tensor1d(real), training });
  const column = (tensor: tf.Tensor) => Array.from(tensor.dataSync(), (value) => Math.round(value * 1e6) / 1e6);

  it('an expert takes ceil(factor N / E) tokens in their order; padding takes no room', () => {
    // N = 5 real tokens: factor 0.8 gives 2 places. Expert 0 is asked by tokens 0, 3, 4 (1 is padding).
    const { weights_TK, assigned_TE, mask_TE } = select({ capacityFactor: 0.8 });
    expect(column(weights_TK.slice([2], [4]))).toEqual([0.7, 0.8, 0, 0.7]);
    expect(column(weights_TK.slice([0], [1]))).toEqual([0.8]);
    expect(column(assigned_TE!.slice([4, 0], [1, 2]))).toEqual([1, 0]);
    expect(column(mask_TE.slice([4, 0], [1, 2]))).toEqual([0, 0]);
    // factor 1.2: 3 places, nobody is dropped; factor 1: ceil(2.5) = 3.
    expect(column(select({ capacityFactor: 1.2 }).weights_TK).filter((w) => w === 0)).toEqual([]);
    expect(column(select({ capacityFactor: 1 }).weights_TK).filter((w) => w === 0)).toEqual([]);
    // factor 0.4: exactly one place, not two by rounding.
    expect(column(select({ capacityFactor: 0.4 }).weights_TK.slice([2], [4]))).toEqual([0.7, 0, 0, 0]);
  });

  it('evaluation has a capacity of its own, by default none', () => {
    expect(column(select({ capacityFactor: 0.4 }, false).weights_TK)).toEqual([0.8, 0.8, 0.7, 0.8, 0.8, 0.7]);
    expect(column(select({ evalCapacityFactor: 0.4 }, false).weights_TK.slice([2], [4]))).toEqual([0.7, 0, 0, 0]);
  });
});
