/**
 * The authors' routers and losses written out plainly, for tests of the training step: their libs are above or beside this
 * one and have their own tests.
 */
import type { CoordinationStrategy } from '@gmoe/coordination-core';
import type { Router, Selector } from '@gmoe/routers-core';
import {
  HostTensor,
  linear,
  oneHot,
  silu,
  sortDescending,
  stopGradient,
  takeAlongLast,
  tf,
  topKIds,
} from '@gmoe/tensor';

/** Softmax over the selected, as in Mixtral: weights of the k largest probabilities, renormalised. */
export function topK(k: number): Selector {
  return {
    id: 'top-k',
    slots: () => k,
    select({ probs_TE }) {
      const experts = probs_TE.shape[1];
      const ids_TK = topKIds(probs_TE, k);
      const chosen_TK = takeAlongLast(probs_TE, ids_TK);
      const weights_TK = chosen_TK.div<tf.Tensor2D>(chosen_TK.sum(1, true));
      const onehot = oneHot(ids_TK, experts);
      return { ids_TK, weights_TK, mask_TE: onehot.sum(1), gates_TE: onehot.mul(weights_TK.expandDims(2)).sum(1) };
    },
  };
}

const nothing = { trainable: {}, frozen: {}, state: {}, warnings: [] };

export const linearRouter: Router = {
  id: 'linear',
  init: () => nothing,
  route({ trainable }, x_TD) {
    const logits_TE = linear(x_TD, trainable['weight'] as tf.Tensor2D);
    return { logits_TE, probs_TE: tf.softmax(logits_TE) };
  },
};

/** Node by node: every token has its own graph of E experts and itself. */
export function graphRouter(convolutions: number): Router {
  return {
    id: 'graph',
    init: () => nothing,
    route({ trainable, frozen }, x_TD, _, { experts }) {
      const weight = (name: string) => trainable[name] as tf.Tensor2D;
      const tokens = x_TD.shape[0];
      const token_TG = silu(linear(x_TD, weight('mlp.weight')));
      const expert_EG = silu(linear(frozen['X'] as tf.Tensor2D, weight('mlp_struct.weight')));
      const width = token_TG.shape[1];
      const repeated = expert_EG.expandDims<tf.Tensor3D>(0).tile([tokens, 1, 1]);
      let nodes = tf.concat([repeated, token_TG.expandDims<tf.Tensor3D>(1)], 1);
      const adjacency = (frozen['adj_norm'] as tf.Tensor2D).expandDims<tf.Tensor3D>(0).tile([tokens, 1, 1]);
      for (let i = 0; i < convolutions; i++) {
        const mapped = linear(nodes.reshape([-1, width]), weight(`convs.${i}.lin.weight`));
        nodes = silu(tf.matMul(adjacency, mapped.reshape<tf.Tensor3D>([tokens, experts + 1, width])));
      }
      const scores = linear(nodes.reshape([-1, width]), weight('proj.weight')).reshape([
        tokens,
        experts + 1,
      ]) as tf.Tensor2D;
      const logits_TE = scores.slice([0, 0], [tokens, experts]);
      return { logits_TE, probs_TE: tf.softmax(logits_TE) };
    },
  };
}

/** K sum_t P over the selected, of this pass. */
export const selectedCount = (probs_TE: tf.Tensor2D, mask_TE: tf.Tensor2D, k: number): tf.Tensor1D =>
  probs_TE.mul(mask_TE).sum<tf.Tensor1D>(0).mul(k);

const perLayer = (layers: number, make: (layer: number) => [string, HostTensor]) =>
  Object.fromEntries(Array.from({ length: layers }, (_, layer) => make(layer)));

export const poisson: CoordinationStrategy = {
  id: 'poisson',
  coefficient: 0.005,
  init: ({ expertsPerLayer }) => ({
    trainable: perLayer(expertsPerLayer.length, (l) => [`lambda.${l}`, HostTensor.float([1.5])]),
    state: {},
  }),
  loss({ trainable, state }, { layers }) {
    const losses = layers.map(({ probs_TE }, l) => {
      const lambda = tf.clipByValue(trainable[`lambda.${l}`] ?? tf.scalar(1.5), 1, 2);
      const experts = probs_TE.shape[1];
      const ranks = Array.from({ length: experts }, (_, i) => i + 1);
      const factorials = ranks.map((i) => ranks.slice(0, i).reduce((product, j) => product * j, 1));
      const raw = lambda.pow(tf.tensor1d(ranks)).mul(lambda.neg().exp()).div(tf.tensor1d(factorials));
      const q_1E = raw.div(raw.sum()).expandDims(0);
      return q_1E
        .mul(q_1E.add(1e-16).log().sub(sortDescending(probs_TE).add(1e-16).log()).abs())
        .sum(1)
        .mean();
    });
    return { loss: tf.addN(losses).div(layers.length), metrics: {}, state };
  },
};

export const normal: CoordinationStrategy = {
  id: 'normal',
  coefficient: 8,
  init: ({ expertsPerLayer }) => ({
    trainable: perLayer(expertsPerLayer.length, (l) => [`sigma.${l}`, HostTensor.float([expertsPerLayer[l]! / 2])]),
    state: perLayer(expertsPerLayer.length, (l) => [`count.${l}`, HostTensor.zeros([expertsPerLayer[l]!])]),
  }),
  loss({ trainable, state }, { layers }, { topK: k }) {
    const experts = layers[0]!.probs_TE.shape[1];
    const index = tf.range(0, experts);
    const counts = layers.map(({ probs_TE, mask_TE }, l) =>
      state[`count.${l}`]!.add(selectedCount(probs_TE, mask_TE, k)),
    );
    const densities = layers.map((_, l) => {
      const sigma = trainable[`sigma.${l}`] ?? tf.scalar(experts / 2);
      return index
        .sub(experts / 2)
        .square()
        .neg()
        .div(sigma.square().mul(2))
        .exp()
        .div(sigma);
    });
    const p_LE = sortDescending(tf.stack(densities) as tf.Tensor2D);
    const target = p_LE.div(p_LE.sum());
    const c_LE = sortDescending(tf.stack(counts) as tf.Tensor2D);
    const load = c_LE.div(c_LE.sum(1, true));
    const loss = target
      .mul(target.add(1e-8).log().sub(load.add(1e-8).log()).abs())
      .sum(1)
      .mean() as tf.Scalar;
    return {
      loss,
      metrics: {},
      state: Object.fromEntries(counts.map((count, l) => [`count.${l}`, stopGradient(count)])),
    };
  },
};

/** Mixtral's, on probabilities instead of logits as the authors feed it. */
export const loadBalance: CoordinationStrategy = {
  id: 'load-balance',
  coefficient: 0.01,
  init: () => ({ trainable: {}, state: {} }),
  loss({ state }, { layers }) {
    const probs = tf
      .concat(
        layers.map(({ probs_TE }) => tf.softmax(probs_TE)),
        0,
      )
      .mean(0);
    const share = tf
      .concat(
        layers.map(({ mask_TE }) => mask_TE),
        0,
      )
      .mean(0);
    return { loss: probs.mul(share).sum().mul(layers[0]!.probs_TE.shape[1]), metrics: {}, state };
  },
};
