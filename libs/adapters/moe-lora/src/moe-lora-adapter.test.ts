import { expertCounts } from '@gmoe/adapters-core';
import { loraSchema } from '@gmoe/adapters-lora';
import type { CoordinationStrategy } from '@gmoe/coordination-core';
import type { ModelConfig } from '@gmoe/model';
import type { Router, Selector } from '@gmoe/routers-core';
import {
  gatherRows,
  HostTensor,
  linear,
  oneHot,
  RandomKey,
  swiglu,
  takeAlongLast,
  tensorOf,
  tf,
  topKIds,
} from '@gmoe/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMoeLora, expertsPerLayer, mixtureSchema } from './index.js';

const config = { layers: 2, hiddenSize: 6, ffnSize: 8, heads: 2, kvHeads: 1, headSize: 3 } as ModelConfig;
const T = 5;

const router: Router = {
  id: 'noisy',
  needsNoise: true,
  init: (key, { experts, modelWidth }) => ({
    trainable: { weight: key.normal([experts, modelWidth]) },
    frozen: {},
    state: { seen: HostTensor.zeros([experts]) },
    warnings: ['drawn'],
  }),
  route({ trainable }, x_TD, { noise_TE }) {
    const scores = linear(x_TD, trainable['weight'] as tf.Tensor2D);
    const logits_TE = noise_TE ? scores.add<tf.Tensor2D>(noise_TE) : scores;
    return { logits_TE, probs_TE: tf.softmax(logits_TE) };
  },
  nextState: ({ seen }, { load_E }) => ({ seen: seen!.add(load_E) }),
};
const top2: Selector = {
  id: 'top-k',
  slots: () => 2,
  select({ probs_TE }) {
    const ids_TK = topKIds(probs_TE, 2);
    const chosen = takeAlongLast(probs_TE, ids_TK);
    const weights_TK = chosen.div<tf.Tensor2D>(chosen.sum(1, true));
    const onehot = oneHot(ids_TK, probs_TE.shape[1]);
    return { ids_TK, weights_TK, mask_TE: onehot.sum(1), gates_TE: onehot.mul(weights_TK.expandDims(2)).sum(1) };
  },
};
const counting: CoordinationStrategy = {
  id: 'count',
  coefficient: 2,
  init: () => ({ trainable: { scale: HostTensor.float([3]) }, state: { calls: HostTensor.float([1]) } }),
  loss: ({ trainable, state }, { layers }) => ({
    loss: trainable['scale']!.sum().mul(layers.length) as tf.Scalar,
    metrics: { scale: trainable['scale']!.sum() },
    state: { calls: state['calls']!.add(1) },
  }),
};

const upload = (tensors: Readonly<Record<string, HostTensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, host]) => [name, tensorOf(host)]));
const key = RandomKey.fromSeed(1);
const random = (name: string, shape: [number, number]) =>
  tf.tensor(key.fold(name).normal(shape).data, shape) as tf.Tensor2D;
const base = { gate: random('w1', [8, 6]), up: random('w3', [8, 6]), down: random('w2', [6, 8]) };
const ffn = {
  gate: (x: tf.Tensor2D) => linear(x, base.gate),
  up: (x: tf.Tensor2D) => linear(x, base.up),
  down: (x: tf.Tensor2D) => linear(x, base.down),
  glu: swiglu<tf.Tensor2D>,
};
/** B is drawn too, so that updates are not zero. */
const full = (tensors: Readonly<Record<string, HostTensor>>) =>
  upload(Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, key.fold(name).normal(shape)])));

describe('createMoeLora', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('starts as the base model, whatever the mixture', () => {
    for (const form of ['ffn', 'additive'] as const) {
      const adapter = createMoeLora({
        config,
        lora: loraSchema.parse({ targets: ['q_proj', 'up_proj'] }),
        mixture: mixtureSchema.parse({ experts: 3, form }),
        router,
        selector: top2,
      });
      const init = adapter.init(key, {});
      const bound = adapter.bind(
        { trainable: upload(init.trainable), frozen: {}, state: upload(init.state) },
        { tokenMask_T: tf.ones([T]), training: false },
      );
      const x = random('x', [T, 6]);
      const plain = ffn.down(tf.sigmoid(ffn.gate(x)).mul<tf.Tensor2D>(ffn.gate(x)).mul(ffn.up(x)));
      const difference = bound.hooks.ffn!(0, x, ffn)!.sub(plain).abs().max().dataSync()[0]!;
      expect(difference / plain.abs().max().dataSync()[0]!).toBeLessThan(1e-6);
      expect(init.warnings).toEqual(['layers 0, 1: drawn']);
    }
  });

  it('plain LoRA on the FFN belongs to the base that experts share', () => {
    const lora = loraSchema.parse({ rank: 2, alpha: 6, targets: ['gate_proj', 'down_proj'] });
    const mixture = mixtureSchema.parse({ experts: 3, targets: ['up_proj'] });
    const both = createMoeLora({ config, lora, mixture, router, selector: top2 });
    const alone = createMoeLora({ config, lora: null, mixture, router, selector: top2 });
    const trainable = full(both.init(key, {}).trainable);
    const inputs = { tokenMask_T: tf.ones<tf.Rank.R1>([T]), training: false };
    const params = { trainable, frozen: {}, state: {} };
    const merged = (site: 'gate_proj' | 'down_proj', weight: tf.Tensor2D) => {
      const path = `model.layers.1.mlp.${site}`;
      const update = tf.matMul(
        trainable[`${path}.lora_B.weight`]! as tf.Tensor2D,
        trainable[`${path}.lora_A.weight`]! as tf.Tensor2D,
      );
      return (x: tf.Tensor2D) => linear(x, weight.add(update.mul(3)));
    };
    const x = random('x', [T, 6]);
    const got = both.bind(params, inputs).hooks.ffn!(1, x, ffn)!;
    const want = alone.bind(params, inputs).hooks.ffn!(1, x, {
      gate: merged('gate_proj', base.gate),
      up: ffn.up,
      down: merged('down_proj', base.down),
      glu: ffn.glu,
    })!;
    expect(got.sub(want).abs().max().div(want.abs().max()).dataSync()[0]!).toBeLessThan(1e-5);
  });

  it('dropout and noise are keyed, only in training, and dropout is inverted', () => {
    const adapter = createMoeLora({
      config,
      lora: loraSchema.parse({ dropout: 0.25 }),
      mixture: mixtureSchema.parse({ experts: 3, dropout: 0.5 }),
      router,
      selector: top2,
    });
    const draws = adapter.randomInputs!(key.fold(7), 4000);
    const bytes = (name: string, from = draws) => Buffer.from(from[name]!.data.slice().buffer);
    const redrawn = adapter.randomInputs!(key.fold(7), 4000);
    for (const name of Object.keys(draws)) expect(bytes(name, redrawn).equals(bytes(name))).toBe(true);
    expect(Object.keys(draws)).toHaveLength(2 * (4 + 3 + 1));
    const kept = (name: string) => Array.from(draws[name]!.data).filter(Boolean).length / draws[name]!.size;
    // Binomial: 5 standard deviations of 24 000 draws.
    expect(Math.abs(kept('model.layers.0.self_attn.q_proj') - 0.75)).toBeLessThan(
      5 * Math.sqrt((0.75 * 0.25) / 24_000),
    );
    expect(Math.abs(kept('model.layers.1.mlp.experts.down_proj') - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / 32_000));
    expect(bytes('model.layers.0.self_attn.q_proj').equals(bytes('model.layers.1.self_attn.q_proj'))).toBe(false);

    const trainable = full(adapter.init(key, {}).trainable);
    const params = { trainable, frozen: {}, state: {} };
    const x = random('x', [T, 6]);
    const site = { layer: 0, name: 'q_proj' as const };
    const zero = () => tf.zeros<tf.Rank.R2>([T, 6]);
    const evaluate = adapter.bind(params, { tokenMask_T: tf.ones([T]), training: false }).hooks.linear!(site, x, zero);
    const small = upload(adapter.randomInputs!(key, T));
    const train = adapter.bind(params, { tokenMask_T: tf.ones([T]), training: true, randomInputs: small }).hooks
      .linear!(site, x, zero);
    const keep = small['model.layers.0.self_attn.q_proj']!.cast('float32');
    const again = adapter.bind(params, { tokenMask_T: tf.ones([T]), training: false }).hooks.linear!(
      site,
      x.mul(keep).div(0.75),
      zero,
    );
    expect(train.sub(again).abs().max().dataSync()[0]!).toBeLessThan(1e-5);
    expect(train.sub(evaluate).abs().max().dataSync()[0]!).toBeGreaterThan(0.01);
    expect(() =>
      adapter.bind(params, { tokenMask_T: tf.ones([T]), training: true }).hooks.linear!(site, x, zero),
    ).toThrow(/needs the random input/);
  });

  it('counts real tokens only, carries router and strategy state, reports parts', () => {
    const adapter = createMoeLora({
      config,
      lora: null,
      mixture: mixtureSchema.parse({ experts: [3, 4] }),
      router,
      selector: top2,
      coordination: [counting],
    });
    const init = adapter.init(key, {});
    expect(init.trainable['coordination.count.scale']!.data[0]).toBe(3);
    const bound = adapter.bind(
      { trainable: upload(init.trainable), frozen: {}, state: upload(init.state) },
      { tokenMask_T: tf.tensor1d([1, 1, 1, 0, 0]), training: false },
    );
    expect(() => bound.routing!.layers()).toThrow(/routed layer 0 has not run/);
    for (const layer of [0, 1]) bound.hooks.ffn!(layer, random(`x${layer}`, [T, 6]), ffn);
    const counts = expertCounts(bound.routing!.layers());
    expect(counts.map((count) => [count.size, count.sum().dataSync()[0]])).toEqual([
      [3, 6],
      [4, 6],
    ]);
    const state = bound.routing!.nextRouterState();
    expect(state['model.layers.1.router.seen']!.dataSync()).toEqual(counts[1]!.dataSync());
    const { parts, metrics, state: carried } = bound.routing!.losses();
    expect(parts.map(({ id, coefficient, loss }) => [id, coefficient, loss.dataSync()[0]])).toEqual([['count', 2, 6]]);
    expect(metrics['count/scale']!.dataSync()[0]).toBe(3);
    expect(carried['coordination.count.calls']!.dataSync()[0]).toBe(2);
  });

  it.each(['ffn', 'additive'] as const)(
    '%s: on some tokens alone it gives their rows, the same gradient and the same routing; of all with dropout in training, and where outputs are told',
    (form) => {
      const lora = loraSchema.parse({ targets: ['up_proj'] });
      const build = (dropout: number, needs: Partial<CoordinationStrategy> = {}) => {
        const mixture = mixtureSchema.parse({ experts: 3, form, dropout });
        const strategies = [{ ...counting, ...needs }];
        const adapter = createMoeLora({ config, lora, mixture, router, selector: top2, coordination: strategies });
        const params = { trainable: full(adapter.init(key, {}).trainable), frozen: {}, state: {} };
        return (training: boolean) => {
          const randomInputs = upload(adapter.randomInputs!(key, T));
          return adapter.bind(params, { tokenMask_T: tf.ones([T]), training, randomInputs });
        };
      };
      const rows = tf.tensor1d([3, 1, 3], 'int32');
      const dy = random('dy', [3, 6]);
      const results = (['all', 'some'] as const).map((which) => {
        const of = ({ hooks }: ReturnType<ReturnType<typeof build>>, x: tf.Tensor2D) =>
          which === 'all' ? gatherRows(hooks.ffn!(0, x, ffn)!, rows) : hooks.ffn!(0, x, ffn, rows)!;
        const loss = (x: tf.Tensor) =>
          of(build(0)(true), x as tf.Tensor2D)
            .mul(dy)
            .sum();
        const { value, grad } = tf.valueAndGrad(loss)(random('x', [T, 6]));
        const bound = build(0)(true);
        of(bound, random('x', [T, 6]));
        bound.hooks.ffn!(1, random('x', [T, 6]), ffn);
        const counts = expertCounts(bound.routing!.layers()).map((count) => Array.from(count.dataSync()));
        return { value: value.dataSync()[0]!, grad: Array.from(grad.dataSync()), counts };
      });
      const [all, some] = results as [(typeof results)[0], (typeof results)[0]];
      expect(some.value / all.value).toBeCloseTo(1, 4);
      const peak = all.grad.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
      some.grad.forEach((g, i) => expect((g - all.grad[i]!) / peak).toBeCloseTo(0, 5));
      expect(some.counts).toEqual(all.counts);

      const count = (bound: ReturnType<ReturnType<typeof build>>) =>
        bound.hooks.ffn!(0, random('x', [T, 6]), ffn, rows)!.shape[0];
      expect(count(build(0)(true))).toBe(3);
      expect(count(build(0.5)(false))).toBe(3);
      expect(count(build(0.5)(true))).toBe(T);
      if (form === 'additive') expect(count(build(0, { needs: 'outputProducts' })(false))).toBe(T);
    },
  );

  it('on the attention: q, k, v and o share the routing of the block, whose updates are summed', () => {
    const attentionConfig = { ...config, hiddenSize: 6 } as ModelConfig;
    const mixture = mixtureSchema.parse({ experts: 3, rank: 2, alpha: 3, targets: ['v_proj', 'o_proj'] });
    const adapter = createMoeLora({ config: attentionConfig, lora: null, mixture, router, selector: top2 });
    expect(adapter.routing!.spec.expertsPerLayer).toEqual([3, 3]);
    const trainable = full(adapter.init(key, {}).trainable);
    const bound = adapter.bind(
      { trainable, frozen: {}, state: {} },
      { tokenMask_T: tf.ones<tf.Rank.R1>([T]), training: false },
    );
    const { linear: hook, ffn: network } = bound.hooks;
    expect(network!(0, random('f', [T, 6]), ffn)).toBeUndefined();
    const [x, mixed] = [random('x', [T, 6]), random('mixed', [T, 6])];
    const zero = (width: number) => () => tf.zeros<tf.Rank.R2>([T, width]);
    for (const layer of [0, 1]) hook!({ layer, name: 'q_proj' }, x, zero(6));
    const v = hook!({ layer: 1, name: 'v_proj' }, x, zero(3)).arraySync();
    const o = hook!({ layer: 1, name: 'o_proj' }, mixed, zero(6)).arraySync();
    const gates = bound.routing!.layers().layers[1]!.gates_TE.arraySync();
    /** One token and one expert at a time. */
    const loop = (name: string, input: tf.Tensor2D) => {
      const module = `model.layers.1.self_attn.experts.${name}`;
      const a = trainable[`${module}.lora_A.weight`]!.arraySync() as number[][];
      const b = trainable[`${module}.lora_B.weight`]!.arraySync() as number[][];
      const dot = (u: number[], w: number[]) => u.reduce((sum, value, i) => sum + value * w[i]!, 0);
      return input.arraySync().map((token, t) =>
        b.map((row) =>
          gates[t]!.reduce((sum, gate, e) => {
            const inner = a.slice(2 * e, 2 * e + 2).map((each) => dot(each, token));
            return sum + gate * 1.5 * dot(row.slice(2 * e, 2 * e + 2), inner);
          }, 0),
        ),
      );
    };
    const close = (got: number[][], want: number[][]) =>
      want.forEach((row, t) => row.forEach((value, j) => expect(got[t]![j]).toBeCloseTo(value, 3)));
    close(v, loop('v_proj', x));
    close(o, loop('o_proj', mixed));
  });

  it('tells inner products of what each expert puts out, of every linear layer that a routing serves', () => {
    const options = { experts: 3, rank: 2, alpha: 3, form: 'additive', targets: ['gate_proj', 'down_proj'] };
    const needing: CoordinationStrategy = { ...counting, needs: 'outputProducts' };
    const mixture = mixtureSchema.parse(options);
    const adapter = createMoeLora({ config, lora: null, mixture, router, selector: top2, coordination: [needing] });
    const trainable = full(adapter.init(key, {}).trainable);
    const bound = adapter.bind(
      { trainable, frozen: {}, state: {} },
      { tokenMask_T: tf.ones<tf.Rank.R1>([T]), training: false },
    );
    const x = random('x', [T, 6]);
    bound.hooks.ffn!(0, x, ffn);
    bound.hooks.ffn!(1, x, ffn);
    const [gate, down, ...more] = bound.routing!.layers().layers[1]!.outputProducts!;
    expect([down!.shape, more]).toEqual([[T, 3, 3], []]);
    // One expert at a time: its rows of A, its columns of B, alpha / R = 1.5.
    const factor = (name: string) =>
      trainable[`model.layers.1.mlp.experts.gate_proj.lora_${name}.weight`] as tf.Tensor2D;
    const outputs = [0, 1, 2].map((e) =>
      linear(linear(x, factor('A').slice([2 * e, 0], [2, -1])).mul(1.5), factor('B').slice([0, 2 * e], [-1, 2])),
    );
    const got = gate!.arraySync();
    outputs.forEach((one, e) =>
      outputs.forEach((other, f) => {
        const want = one.mul(other).sum(1).dataSync();
        want.forEach((value, t) => expect(got[t]![e]![f]! / value).toBeCloseTo(1, 4));
      }),
    );
  });

  it('refuses what does not fit together in one line', () => {
    const mixture = mixtureSchema.parse({ experts: 1 });
    expect(() => createMoeLora({ config, lora: null, mixture, selector: top2 })).toThrow(/a mixture needs a router/);
    expect(() => createMoeLora({ config, lora: null, mixture, router, selector: top2 })).toThrow(
      /takes 2 experts per token, a layer has 1; allowed: at most 1/,
    );
    const twice = { config, lora: null, mixture: mixtureSchema.parse({}), router, selector: top2 };
    expect(() => createMoeLora({ ...twice, coordination: [counting, counting] })).toThrow(/'count' stands twice/);
  });
});

describe('experts per layer', () => {
  it('splits layers into runs', () => {
    expect(expertsPerLayer([2, 4, 6, 8], 8)).toEqual([2, 2, 4, 4, 6, 6, 8, 8]);
    expect(expertsPerLayer([5, 7, 9, 11], 6)).toEqual([5, 5, 7, 9, 9, 11]);
    expect(expertsPerLayer([3, 1], 2)).toEqual([3, 1]);
    expect(() => expertsPerLayer([1, 2, 3], 2)).toThrow(/3 counts for a model of 2 layers/);
  });
});
