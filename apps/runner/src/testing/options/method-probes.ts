import { coefficientsAt, coordinationKind } from '@gmoe/coordination-core';
import type { ComponentChoice } from '@gmoe/core';
import { families } from '@gmoe/families';
import { initWeights, parseModelConfig } from '@gmoe/model';
import { optimizerKind, sgd, type OptimizerScalars, type ParameterGroups } from '@gmoe/optimizers';
import { adapterKind } from '@gmoe/adapters-core';
import { routerKind, selectorKind } from '@gmoe/routers-core';
import { scheduleKind } from '@gmoe/schedules';
import { createEngine, FlatLayout, HostTensor, RandomKey, tf, topKMask, type Engine } from '@gmoe/tensor';
import { createTrainingStep, trainableAdapter } from '@gmoe/training';
import { buildAdapter } from '@gmoe/trial';
import { components } from '../../components.js';

const key = RandomKey.fromSeed(3);
const TOKENS = 8;
const EXPERTS = 4;
const WIDTH = 4;
const mask_T = HostTensor.float([1, 1, 1, 1, 1, 1, 0, 0]);

let opened: Promise<Engine> | undefined;
const engine = () => (opened ??= createEngine({ engine: 'eager', device: 'cpu' }));
export const closeProbes = async () => (await opened)?.dispose();

/** Start, two routings of one input (in training and not), gradients, and the state after a step. */
export async function probeRouter(choice: ComponentChoice): Promise<unknown> {
  const router = components.build(routerKind, choice);
  const spec = { modelWidth: WIDTH, experts: EXPERTS, topK: 2, layer: 0 };
  const init = router.init(key.fold('init'), spec);
  const run = (await engine()).jit(
    (
      _: object,
      trainable: Readonly<Record<string, tf.Tensor>>,
      x: tf.Tensor2D,
      mask: tf.Tensor1D,
      noise: tf.Tensor2D,
    ) => {
      const route = (training: boolean) =>
        router.route(
          { trainable, frozen: onDevice(init.frozen), state: onDevice(init.state) },
          x,
          { tokenMask_T: mask, training, ...(router.needsNoise && training ? { noise_TE: noise } : {}) },
          spec,
        );
      return { training: { ...route(true) }, evaluation: { ...route(false) } };
    },
    { name: 'router', frozen: {} },
  );
  const x_TD = key.fold('x').normal([TOKENS, WIDTH]);
  const noise_TE = key.fold('noise').normal([TOKENS, EXPERTS]);
  const trainable = moved(init.trainable);
  const next = (await engine()).jit(
    (_: object, load_E: tf.Tensor1D, scores_TE: tf.Tensor2D, tokenMask_T: tf.Tensor1D) =>
      router.nextState?.(onDevice(init.state), { load_E, scores_TE, tokenMask_T }, spec) ?? {},
    { name: 'next', frozen: {} },
  );
  return [
    init,
    await run(trainable, x_TD, mask_T, noise_TE),
    await next(HostTensor.float([6, 3, 2, 1]), noise_TE, mask_T),
  ];
}

const onDevice = (tensors: Readonly<Record<string, HostTensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]));

const moved = (tensors: Readonly<Record<string, HostTensor>>, std = 0.3) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { data, shape }]) => {
      const by = key.fold(name).normal(shape, 0, std);
      return [
        name,
        HostTensor.float(
          data.map((value, i) => value + by.data[i]!),
          shape,
        ),
      ];
    }),
  );

/** Experts and weights of some logits, in training and not. */
export async function probeSelector(choice: ComponentChoice): Promise<unknown> {
  const selector = components.build(selectorKind, choice);
  const spec = { modelWidth: WIDTH, experts: EXPERTS, topK: 2, layer: 0 };
  const learned = moved(selector.init?.(key.fold('init'), spec) ?? {});
  const run = (await engine()).jit(
    (_: object, logits_TE: tf.Tensor2D, mask: tf.Tensor1D, learned: Readonly<Record<string, tf.Tensor>>) => {
      const x_TD = logits_TE.slice([0, 0], [TOKENS, WIDTH]);
      const input = selector.init ? { trainable: learned, x_TD } : undefined;
      const output = { logits_TE, probs_TE: tf.softmax(logits_TE) };
      const select = (training: boolean) => ({ ...selector.select(output, { tokenMask_T: mask, training }, input) });
      return { training: select(true), evaluation: select(false) };
    },
    { name: 'selector', frozen: {} },
  );
  // The first expert is liked by all, so that there is no room for some.
  const { data, shape } = key.fold('logits').normal([TOKENS, EXPERTS]);
  return run(
    HostTensor.float(
      data.map((value, i) => value + (i % EXPERTS === 0 ? 2 : 0)),
      shape,
    ),
    mask_T,
    learned,
  );
}

/** Loss, metrics, state and gradients of two passes that are a step each, and of one that is half of a step; coefficients over a run. */
export async function probeStrategy(choice: ComponentChoice): Promise<unknown> {
  const strategy = components.build(coordinationKind, choice);
  const spec = { expertsPerLayer: [EXPERTS, EXPERTS], topK: 2 };
  const init = strategy.init(spec);
  const logits = [0, 1].map((layer) => key.fold('logits').fold(layer).normal([TOKENS, EXPERTS], 0, 2));
  type Named = Readonly<Record<string, tf.Tensor>>;
  const run = (await engine()).jit(
    (_: object, trainable: Named, state: Named, first: tf.Tensor2D, second: tf.Tensor2D, mask: tf.Tensor1D) => {
      const names = Object.keys(trainable);
      const pass = (inputs: readonly tf.Tensor[], stepSum?: (sum: tf.Tensor) => tf.Tensor) => {
        const layers = inputs.slice(0, 2).map((each) => {
          const logits_TE = each as tf.Tensor2D;
          const probs_TE = tf.softmax(logits_TE);
          const mask_TE = topKMask(probs_TE, 2);
          const kept_TE = probs_TE.mul<tf.Tensor2D>(mask_TE);
          const gates_TE = kept_TE.div<tf.Tensor2D>(kept_TE.sum(-1, true));
          const map_ED = logits_TE.slice<tf.Tensor2D>([0, 0], [EXPERTS, EXPERTS]);
          const sparsity_T = logits_TE.sum<tf.Tensor1D>(1).sub<tf.Tensor1D>(10);
          const outputProducts = [
            logits_TE.expandDims(2).mul<tf.Tensor3D>(logits_TE.expandDims(1)).add<tf.Tensor3D>(1),
          ];
          return { logits_TE, probs_TE, mask_TE, gates_TE, map_ED, sparsity_T, outputProducts };
        });
        const params = Object.fromEntries(names.map((name, i) => [name, inputs[2 + i]!]));
        // Examples of two domains, and of none; padding as in the mask.
        const domains = { names: ['a', 'b'], ids_BS: tf.tensor2d([1, 1, 0, 0, 2, 2, 0, 0], [2, 4], 'int32') };
        const segments_BS = tf.tensor2d([1, 1, 2, 2, 1, 1, 0, 0], [2, 4], 'int32');
        const context = { layers, tokenMask_T: mask, segments_BS, domains, stepSum };
        return strategy.loss({ trainable: params, state }, context, spec);
      };
      const inputs = [first, second, ...names.map((name) => trainable[name]!)];
      const { loss, metrics, state: next } = pass(inputs);
      const half = pass(inputs, (sum) => sum.mul(2).add(1)).loss;
      return { loss, metrics, next, half, gradients: tf.grads((...values) => pass(values).loss)(inputs) };
    },
    { name: 'strategy', frozen: {} },
  );
  const once = await run(init.trainable, init.state, logits[0]!, logits[1]!, mask_T);
  const again = await run(moved(init.trainable, 1), once.next, logits[1]!, logits[0]!, mask_T);
  return [init, once, again, [1, 2, 5, 10].map((step) => coefficientsAt([strategy], step, 10))];
}

/** Parameters and state after three steps. */
export async function probeOptimizer(choice: ComponentChoice): Promise<unknown> {
  const optimizer = components.build(optimizerKind, choice);
  const layout = new FlatLayout([
    ['a.lora_A.weight', [3, 2]],
    ['a.lora_B.weight', [2, 3]],
    ['norm', [3]],
  ]);
  type Vectors = Readonly<Record<string, tf.Tensor1D>>;
  const run = (await engine()).jit(
    (
      groups: ParameterGroups,
      gradient_N: tf.Tensor1D,
      state: Vectors,
      params_N: tf.Tensor1D,
      scalars: OptimizerScalars,
    ) => optimizer.update(gradient_N, state, params_N, scalars, groups),
    { name: 'optimizer', frozen: optimizer.groups(layout) },
  );
  let params_N = key.fold('params').normal([layout.size]);
  let state = optimizer.init(params_N);
  for (const step of [1, 2, 3]) {
    const gradient_N = key.fold('gradient').fold(step).normal([layout.size]);
    const scalars = optimizer.scalars(step, optimizer.learningRate);
    ({ params_N, state } = await run(gradient_N, state, params_N, scalars));
  }
  return [params_N, state];
}

/** What an adapter starts with, and loss, gradient, state and loads of two training steps. */
export async function probeAdapter(choice: ComponentChoice): Promise<unknown> {
  const { routed } = components.build(adapterKind, choice);
  const router = routed ? components.resolveChoice(routerKind, { id: 'linear', std: 1 }) : null;
  const adapter = buildAdapter({ adapter: choice, router, coordination: [] }, config, components);
  const start = adapter.init(key, weights);
  const model = trainableAdapter(weights, adapter, key, { start: { ...start, trainable: moved(start.trainable) } });
  const step = createTrainingStep(await engine(), model, sgd.create({ learningRate: 0.1 }));
  const first = await step.run(step.initial(), [batch], 1, 0.1, key.fold(1));
  const second = await step.run(first.state, [batch], 2, 0.1, key.fold(2));
  await step.dispose();
  return [start, first, second];
}

/** A decoder of two layers over 11 tokens, and two rows of it. */
const config = parseModelConfig(
  {
    model_type: 'llama',
    vocab_size: 11,
    hidden_size: 4,
    intermediate_size: 6,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 8,
  },
  families,
);
const weights = initWeights(config, key.fold('weights'), 0.5);
const grid = (of: (row: number, s: number) => number) =>
  HostTensor.int(
    [0, 1].flatMap((row) => [0, 1, 2, 3].map((s) => of(row, s))),
    [2, 4],
  );
const batch = {
  ids_BS: grid((row, s) => (3 * row + 4 * s + 1) % 11),
  positions_BS: grid((_, s) => s),
  segments_BS: grid((row, s) => (s < 4 - row ? 1 : 0)),
  supervised_N: HostTensor.int([2, 3, 5, 6]),
  targets_N: HostTensor.int([1, 9, 4, 2]),
  weights_N: HostTensor.float([1, 1, 1, 1]),
};

export const probeSchedule = (choice: ComponentChoice): Promise<unknown> => {
  const schedule = components.build(scheduleKind, choice);
  return Promise.resolve([1, 2, 3, 5, 8, 9, 10].map((step) => schedule.factor(step, 10)));
};
