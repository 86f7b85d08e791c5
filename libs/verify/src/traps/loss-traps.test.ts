import type { CoordinationStrategy, LayerRouting } from '@gmoe/coordination-core';
import { loadBalanceCoordination } from '@gmoe/coordination-load-balance';
import { normalCoordination } from '@gmoe/coordination-normal';
import { poissonCoordination, poissonLogTarget } from '@gmoe/coordination-poisson';
import { createComponent, type Component, type Fidelity } from '@gmoe/core';
import { createEngine, HostTensor, RandomKey, tf, topKMask } from '@gmoe/tensor';
import { beforeAll, describe, expect, it } from 'vitest';

const FIDELITIES = ['reference', 'paper'] as const;

const strategyOf = (
  definition: Component<CoordinationStrategy>,
  fidelity: Fidelity,
  options: Readonly<Record<string, unknown>> = {},
): CoordinationStrategy => createComponent(definition, options, { fidelity });

/** Probabilities [T, E] of which every expert is selected. */
const everyExpert = (probs_TE: tf.Tensor2D): LayerRouting => ({
  logits_TE: probs_TE,
  probs_TE,
  mask_TE: tf.onesLike(probs_TE),
  gates_TE: probs_TE,
});

const upload = (tensors: Readonly<Record<string, HostTensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]));

const number = (scalar: tf.Tensor): number => scalar.dataSync()[0]!;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

beforeAll(() => tf.setBackend('cpu'));

describe('trap 5: Normal balance over all layers together has no minimum at a matching load', () => {
  const L = 28;
  const E = 8;
  const STEPS = 200;
  const spec = { expertsPerLayer: Array.from({ length: L }, () => E), topK: E };

  /** The normalised normal shape around E / 2 with sigma = E / 2, at the experts' indices. */
  function target(firstIndex: number): number[] {
    const shape = Array.from({ length: E }, (_, i) => Math.exp(-((i + firstIndex - E / 2) ** 2) / (2 * (E / 2) ** 2)));
    return shape.map((value) => value / sum(shape));
  }
  const descending = (values: readonly number[]) => values.toSorted((a, b) => b - a);
  const divergence = (p: readonly number[], v: readonly number[]) =>
    sum(p.map((value, i) => value * Math.log(value / v[i]!)));

  /** One token whose probabilities are the load of each layer, counts from zero. */
  const lossOf = (strategy: CoordinationStrategy, loads: readonly tf.Tensor2D[]): tf.Scalar => {
    const { state } = strategy.init(spec);
    return strategy.loss(
      { trainable: {}, state: upload(state) },
      { layers: loads.map(everyExpert), tokenMask_T: tf.ones([1]) },
      spec,
    ).loss;
  };

  it('by hand: reference prefers a collapsed load to a matching one, paper does not', () => {
    const same = (load: number[]) => Array.from({ length: L }, () => tf.tensor2d([load]));
    const at = (fidelity: Fidelity, load: number[]) =>
      number(lossOf(strategyOf(normalCoordination, fidelity, { learnSigma: false }), same(load)));
    const matching = { reference: target(0), paper: target(1) };
    // Seven experts at p / L, the busiest takes the rest.
    const hogged = (p: readonly number[]) => {
      const [first, ...rest] = descending(p);
      return [1 - (1 - first!) / L, ...rest.map((value) => value / L)];
    };
    // Sum over experts of p / L |log(1 / L)|.
    expect(at('reference', matching.reference)).toBeCloseTo(Math.log(L) / L, 4);
    expect(at('reference', hogged(matching.reference))).toBeLessThan(0.25 * (Math.log(L) / L));
    expect(at('paper', matching.paper)).toBeCloseTo(0, 6);
    expect(at('paper', hogged(matching.paper))).toBeGreaterThan(1);
  });

  it('minimised alone from a KL below 0.08 at L = 28: reference drives it above 2, paper below 1e-6', async () => {
    const start = HostTensor.float(
      Array.from({ length: L }, (_, layer) => {
        const noise = RandomKey.fromSeed(layer).normal([E], 0, 0.45).data;
        return target(1).map((value, i) => Math.log(value) + noise[i]!);
      }).flat(),
      [L, E],
    );
    for (const fidelity of FIDELITIES) {
      const strategy = strategyOf(normalCoordination, fidelity, { learnSigma: false });
      const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
      const step = engine.jit(
        (_: object, logits_LE: tf.Tensor2D, momentum: tf.Tensor2D, square: tf.Tensor2D, rate: tf.Scalar) => {
          const objective = (x: tf.Tensor) =>
            lossOf(
              strategy,
              Array.from({ length: L }, (__, layer) => tf.softmax(x.slice([layer, 0], [1, E])) as tf.Tensor2D),
            );
          const gradient = tf.grad(objective)(logits_LE).mul<tf.Tensor2D>(100);
          const first = momentum.mul(0.9).add<tf.Tensor2D>(gradient.mul(0.1));
          const second = square.mul(0.99).add<tf.Tensor2D>(gradient.square().mul(0.01));
          return { x: logits_LE.sub<tf.Tensor2D>(first.div(second.sqrt().add(1e-6)).mul(rate)), first, second };
        },
        { name: 'descend', frozen: {} },
      );
      let [x, first, second] = [start, HostTensor.zeros([L, E]), HostTensor.zeros([L, E])];
      const klOf = (logits: HostTensor) => {
        const loads = Array.from({ length: L }, (_, layer) => {
          const exps = [...logits.data.subarray(layer * E, (layer + 1) * E)].map(Math.exp);
          return exps.map((value) => value / sum(exps));
        });
        const sorted = fidelity === 'reference';
        const p = sorted ? descending(target(0)) : target(1);
        return sum(loads.map((v) => divergence(p, sorted ? descending(v) : v))) / L;
      };
      const before = klOf(x);
      for (let i = 0; i < STEPS; i++) {
        ({ x, first, second } = await step(x, first, second, HostTensor.scalar(0.06 * (1 - i / STEPS))));
      }
      await engine.dispose();
      expect(before).toBeLessThan(0.08);
      if (fidelity === 'reference') expect(klOf(x)).toBeGreaterThan(2);
      else expect(klOf(x)).toBeLessThan(1e-6);
    }
  });
});

describe('trap 6: |log| is no divergence', () => {
  /** Norm of the gradient by the probabilities where they are the Poisson target but for a shift of delta. */
  const gradientAt = (fidelity: Fidelity, delta: number): number => {
    const strategy = strategyOf(poissonCoordination, fidelity, { learnLambda: false, lambda: 1.5 });
    const spec = { expertsPerLayer: [4], topK: 2 };
    const { state } = strategy.init(spec);
    const shape = [1, 2, 3, 4].map((i) => 1.5 ** i / [1, 2, 6, 24][i - 1]!);
    const logits = shape.map((value, i) => Math.log(value) + (i % 2 === 0 ? delta : -delta));
    const gradient = tf.grad((x) => {
      const probs_TE = tf.softmax(x) as tf.Tensor2D;
      return strategy.loss(
        { trainable: {}, state: upload(state) },
        { layers: [everyExpert(probs_TE)], tokenMask_T: tf.ones([1]) },
        spec,
      ).loss;
    })(tf.tensor2d([logits]));
    return Math.hypot(...gradient.dataSync());
  };

  it('reference: the gradient beside the minimum stays above 0.3; paper: it goes to 0 with the distance', () => {
    for (const delta of [1e-2, 1e-3]) {
      expect(gradientAt('reference', delta)).toBeGreaterThan(0.3);
      expect(gradientAt('paper', delta)).toBeLessThan(delta);
    }
  });
});

describe('trap 7: lambda is clamped to [1, 2], where it stays', () => {
  const gradientOfLambda = (fidelity: Fidelity, lambda: number): number => {
    const strategy = strategyOf(poissonCoordination, fidelity, { lambda });
    const spec = { expertsPerLayer: [4], topK: 2 };
    const { trainable } = strategy.init(spec);
    const probs_TE = tf.tensor2d([[0.1, 0.2, 0.3, 0.4]]);
    const gradient = tf.grad(
      (x) =>
        strategy.loss(
          { trainable: { lambda: x }, state: {} },
          { layers: [everyExpert(probs_TE)], tokenMask_T: tf.ones([1]) },
          spec,
        ).loss,
    )(tf.tensor1d([...trainable['lambda']!.data]));
    return gradient.dataSync()[0]!;
  };

  it('reference: no gradient beyond the bounds; paper: everywhere', () => {
    for (const lambda of [0.5, 3]) {
      expect(gradientOfLambda('reference', lambda)).toBe(0);
      expect(Math.abs(gradientOfLambda('paper', lambda))).toBeGreaterThan(1e-3);
    }
    expect(Math.abs(gradientOfLambda('reference', 1.5))).toBeGreaterThan(1e-3);
  });
});

describe('trap 8: from the 33rd expert on Poisson terms repeat', () => {
  const E = 40;
  const spec = { expertsPerLayer: [E], topK: 2 };

  it('reference: the target is flat from rank 32 on; paper: it falls to the end', () => {
    const target = (fidelity: Fidelity) => {
      const { termLimit } = poissonCoordination.options.parse({ ...poissonCoordination.fidelity?.[fidelity] }) as {
        termLimit: number | null;
      };
      return [...poissonLogTarget(tf.scalar(30), E, termLimit).exp().dataSync()];
    };
    for (let i = 32; i < E; i++) {
      expect(target('reference')[i]!).toBe(target('reference')[31]!);
      expect(target('paper')[i]!).toBeLessThan(0.95 * target('paper')[i - 1]!);
    }
  });

  it("backward works for 40 experts under both, where the authors' code fails", () => {
    for (const fidelity of FIDELITIES) {
      const strategy = strategyOf(poissonCoordination, fidelity);
      const { trainable } = strategy.init(spec);
      const lossOf = (x: tf.Tensor) =>
        strategy.loss(
          { trainable: upload(trainable), state: {} },
          { layers: [everyExpert(tf.softmax(x) as tf.Tensor2D)], tokenMask_T: tf.ones([1]) },
          spec,
        ).loss;
      const gradient = tf.grad(lossOf)(tf.tensor2d([Array.from({ length: E }, (_, i) => -0.1 * i)]));
      expect([...gradient.dataSync()].every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
    }
  });
});

describe('trap 9: sigma at or below 0', () => {
  it('the density itself is not a number there; the product is finite, with its gradient, under both fidelities', () => {
    const raw = (sigma: number) => Math.exp(-((1 - 4) ** 2) / (2 * sigma ** 2)) / (sigma * Math.sqrt(2 * Math.PI));
    expect(raw(0)).toBeNaN();
    const spec = { expertsPerLayer: [8], topK: 2 };
    const probs_TE = tf.softmax(tf.tensor2d([[3, 1, 2, 0, 4, 1, 0, 2]])) as tf.Tensor2D;
    for (const fidelity of FIDELITIES) {
      const strategy = strategyOf(normalCoordination, fidelity);
      const { state } = strategy.init(spec);
      for (const trained of [-1000, -1, 0, 1e-6]) {
        const { value, grad } = tf.valueAndGrad(
          (x: tf.Tensor) =>
            strategy.loss(
              { trainable: { sigma: x }, state: upload(state) },
              { layers: [everyExpert(probs_TE)], tokenMask_T: tf.ones([1]) },
              spec,
            ).loss,
        )(tf.tensor1d([trained]));
        expect(Number.isFinite(number(value)), `${fidelity} ${trained}`).toBe(true);
        expect(Number.isFinite(number(grad)), `${fidelity} ${trained}`).toBe(true);
        const values = strategy.values!({ trainable: { sigma: HostTensor.float([trained]) }, state: {} });
        expect(values['sigma']![0]).toBeGreaterThan(0);
      }
    }
  });
});

describe('trap 10: counts take padding along, and losses average over it', () => {
  const probs = [
    [0.7, 0.2, 0.1],
    [0.1, 0.6, 0.3],
  ];
  const padding = [0.05, 0.05, 0.9];
  const run = (definition: Component<CoordinationStrategy>, fidelity: Fidelity, padded: boolean) => {
    const rows = padded ? [...probs, padding, padding] : probs;
    // With every expert selected the load is balanced whatever the probabilities: for that loss the first alone.
    const topK = definition.id === 'load-balance' ? 1 : 3;
    const spec = { expertsPerLayer: [3], topK };
    const probs_TE = tf.tensor2d(rows);
    const strategy = strategyOf(definition, fidelity);
    const init = strategy.init(spec);
    return strategy.loss(
      { trainable: upload(init.trainable), state: upload(init.state) },
      {
        layers: [{ ...everyExpert(probs_TE), mask_TE: topKMask(probs_TE, topK) }],
        tokenMask_T: tf.tensor1d(rows.map((_, t) => (t < probs.length ? 1 : 0))),
      },
      spec,
    );
  };

  it('reference: two padding tokens change the count from .8 .8 .4 (times K) to .9 .9 2.2 (times K); paper: nothing', () => {
    const count = (fidelity: Fidelity, padded: boolean) =>
      [...run(normalCoordination, fidelity, padded).state['count.0']!.dataSync()].map((v) => Number(v.toFixed(4)));
    expect(count('reference', false)).toEqual([2.4, 2.4, 1.2]);
    expect(count('reference', true)).toEqual([2.7, 2.7, 6.6]);
    expect(count('paper', false)).toEqual([0.8, 0.8, 0.4]);
    expect(count('paper', true)).toEqual([0.8, 0.8, 0.4]);
  });

  it.each([poissonCoordination, normalCoordination, loadBalanceCoordination])(
    '$id: padding moves the loss under reference only',
    (definition) => {
      const change = (fidelity: Fidelity) =>
        Math.abs(number(run(definition, fidelity, true).loss) - number(run(definition, fidelity, false).loss));
      expect(change('reference')).toBeGreaterThan(1e-3);
      expect(change('paper')).toBeLessThan(1e-6);
    },
  );
});

describe('trap 11: load balance of probabilities that go through softmax twice', () => {
  it('reference: a collapsed router costs 2.24 times a balanced one; paper: 8 times', () => {
    const E = 8;
    const spec = { expertsPerLayer: [E], topK: 1 };
    const at = (fidelity: Fidelity, rows: number[][]) => {
      const probs_TE = tf.tensor2d(rows);
      const mask_TE = tf.tensor2d(rows.map((row) => row.map((p) => Number(p === Math.max(...row)))));
      const layer = { logits_TE: probs_TE, probs_TE, mask_TE, gates_TE: mask_TE };
      return number(
        strategyOf(loadBalanceCoordination, fidelity).loss(
          { trainable: {}, state: {} },
          { layers: [layer], tokenMask_T: tf.ones([E]) },
          spec,
        ).loss,
      );
    };
    const one = (e: number) => Array.from({ length: E }, (_, i) => Number(i === e));
    const collapsed = Array.from({ length: E }, () => one(0));
    const balanced = Array.from({ length: E }, (_, t) => one(t));
    expect(at('paper', collapsed) / at('paper', balanced)).toBeCloseTo(8, 5);
    // softmax(1, 0, ..., 0) = e / (e + 7) = 0.27971
    expect(at('reference', collapsed) / at('reference', balanced)).toBeCloseTo((8 * Math.E) / (Math.E + 7), 4);
  });
});
