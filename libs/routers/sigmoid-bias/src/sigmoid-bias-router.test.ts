import { ComponentRegistry, createComponent, type Component } from '@gmoe/core';
import { testChecks } from '@gmoe/core/testing';
import { routerKind, topKSelector, type Router } from '@gmoe/routers-core';
import { routerContract, stubRouter } from '@gmoe/routers-core/testing';
import type { HostTensor } from '@gmoe/tensor';
import { RandomKey, tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { sigmoidBiasRouter } from './index.js';

const registry = new ComponentRegistry([routerKind], [stubRouter('graph'), sigmoidBiasRouter]);
testChecks(
  `router '${sigmoidBiasRouter.id}' keeps the contract`,
  routerContract.checks(
    sigmoidBiasRouter,
    [
      { name: 'defaults' },
      { name: 'rate 0.1', options: { biasRate: 0.1 } },
      { name: 'of another router', options: { router: { id: 'graph' } } },
    ],
    registry,
  ),
);

it('has finite weights where all affinities are 0 in float32', () => {
  const far: Component<Router> = {
    ...stubRouter('graph'),
    create: () => ({
      ...stubRouter('graph').create({}),
      route: () => ({ logits_TE: tf.tensor2d([[-150, -151, -152]]), probs_TE: tf.tensor2d([[1, 0, 0]]) }),
    }),
  };
  const around = new ComponentRegistry([routerKind], [far, sigmoidBiasRouter]);
  const router = createComponent(sigmoidBiasRouter, { router: { id: 'graph' } }, { registry: around });
  const params = { trainable: {}, frozen: {}, state: { bias: tf.zeros([3]) } };
  const context = { tokenMask_T: tf.ones<tf.Rank.R1>([1]), training: true };
  const { probs_TE } = router.route(params, tf.zeros([1, 2]), context, {
    modelWidth: 2,
    experts: 3,
    topK: 2,
    layer: 0,
  });
  // softmax([0, -1, -2])
  expect([...probs_TE.dataSync()]).toEqual([0.66524096, 0.24472847, 0.09003057].map((p) => expect.closeTo(p, 5)));
});

it('takes the logits of the router inside', () => {
  const spec = { modelWidth: 3, experts: 4, topK: 2, layer: 0 };
  const graph = { id: 'graph' };
  const router = createComponent(sigmoidBiasRouter, { router: graph }, { registry });
  const inside = stubRouter('graph').create({});
  const key = RandomKey.fromSeed(6);
  const drawn = router.init(key, spec);
  const up = (tensors: Readonly<Record<string, HostTensor>>) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape], 'float32')]),
    );
  const params = { trainable: up(drawn.trainable), frozen: up(drawn.frozen), state: up(drawn.state) };
  const x_TD = tf.randomNormal<tf.Rank.R2>([5, 3], 0, 1, 'float32', 3);
  const context = { tokenMask_T: tf.ones<tf.Rank.R1>([5]), training: true };
  const own = router.route(params, x_TD, context, spec);
  expect(own.logits_TE.arraySync()).toEqual(inside.route(params, x_TD, context, spec).logits_TE.arraySync());
  expect(own.selectionScores_TE!.arraySync()).toEqual(tf.sigmoid(own.logits_TE).arraySync());
  expect(router.edges!(drawn.frozen)).toEqual(inside.edges!(drawn.frozen));
  expect(() => createComponent(sigmoidBiasRouter, { router: graph, std: 1 }, { registry })).toThrow(/std/);
});

describe('sigmoid-bias router by numbers', () => {
  const router = sigmoidBiasRouter.create({ biasRate: 0.01 });
  const spec = { modelWidth: 2, experts: 3, topK: 2, layer: 0 };
  const toTensor = ({ data, shape }: HostTensor) => tf.tensor(data, [...shape]);
  const context = { tokenMask_T: tf.ones<tf.Rank.R1>([1]), training: true };

  it('the bias chooses, the affinities weigh', () => {
    const params = {
      trainable: {
        weight: tf.tensor2d([
          [1, 0],
          [0, 1],
          [-1, 0],
        ]),
      },
      frozen: {},
      state: { bias: tf.tensor1d([-1, 0, 0]) },
    };
    const output = router.route(params, tf.tensor2d([[2, 1]]), context, spec);
    const { gates_TE } = topKSelector.create({ k: 2 }).select(output, context);
    // sigmoid(2), sigmoid(1), sigmoid(-2); the bias takes expert 0, the strongest, out of the choice.
    const [s1, s2] = [0.7310585786, 0.119202922];
    expect([...gates_TE.dataSync()]).toEqual(
      [0, s1 / (s1 + s2), s2 / (s1 + s2)].map((value) => expect.closeTo(value, 6)),
    );
  });

  it('moves the bias against the load by the rate, and balances a lopsided router', () => {
    const { bias } = router.nextState!({ bias: tf.zeros([3]) }, { load_E: tf.tensor1d([9, 3, 6]) }, spec);
    expect([...bias!.dataSync()]).toEqual([-0.01, 0.01, 0].map((value) => expect.closeTo(value, 7)));

    // 300 tokens that all prefer expert 0: after some steps every expert serves its third of the K N places.
    const x_TD = toTensor(RandomKey.fromSeed(3).normal([300, 2])) as tf.Tensor2D;
    const weight = tf.tensor2d([
      [0.3, 0.1],
      [0.1, -0.3],
      [-0.2, 0.2],
    ]);
    const shifted = x_TD.add<tf.Tensor2D>(tf.tensor1d([3, 0]));
    const load = (state: { bias: tf.Tensor }) => {
      const output = router.route({ trainable: { weight }, frozen: {}, state }, shifted, context, spec);
      return topKSelector.create({ k: 1 }).select(output, context).mask_TE.sum<tf.Tensor1D>(0);
    };
    let state: { bias: tf.Tensor } = { bias: tf.zeros([3]) };
    expect(Math.max(...load(state).dataSync())).toBeGreaterThan(250);
    for (let step = 0; step < 60; step++) {
      state = router.nextState!(state, { load_E: load(state) }, spec) as typeof state;
    }
    const settled = [...load(state).dataSync()];
    expect(Math.max(...settled)).toBeLessThan(150);
    expect(Math.min(...settled)).toBeGreaterThan(50);
  });
});
