import assert from 'node:assert/strict';
import {
  assertBelow,
  checksByCase,
  componentChecks,
  createComponent,
  DEFAULTS,
  defaultsCheck,
  FIDELITIES,
  type Contract,
  type ContractCase,
  type ContractCheck,
  euclideanNorm,
} from '@gmoe/core';
import { createEngine, HostTensor, RandomKey, tf, topKMask, type HostOf } from '@gmoe/tensor';
import { onBothEngines, relativeError } from '@gmoe/tensor/testing';
import { accumulationCheck } from './accumulation-check.js';
import { coordinationKind, type CoordinationStrategy, type LayerRouting, type Tensors } from '../strategy.js';

/** One configuration that a strategy is tested in. */
export interface CoordinationContractCase extends ContractCase {
  /** Padding counts: an option of the reference. */
  readonly countsPadding?: boolean;
  /** Each accumulated batch counts on its own: an option says so. */
  readonly perBatch?: boolean;
  /** A loss of the router's parameters (`map_ED`) alone: no token has a part in it. */
  readonly ofParameters?: boolean;
  /** E of the layers; default 4 and 6. */
  readonly experts?: readonly number[];
}

const TOKENS = 10;
const REAL = 7;
const TOP_K = 2;
const key = RandomKey.fromSeed(31);
const mask_T = HostTensor.float(Array.from({ length: TOKENS }, (_, t) => (t < REAL ? 1 : 0)));

/** Logits [T, E] whose order no small step changes: each row is a permutation of levels 0.6 apart, and a little noise. */
function separated(stream: RandomKey, experts: number): HostTensor {
  const noise = stream.fold('noise').uniform([TOKENS, experts], 0, 0.2);
  const levels = Array.from({ length: TOKENS }, (_, t) => [...stream.fold(t).permutation(experts)]).flat();
  return HostTensor.float(
    noise.data.map((value, i) => value + 0.6 * levels[i]!),
    noise.shape,
  );
}

/** A linear router and top-k without any lib: logits [T, E] per layer -> what strategies see. */
function routing(logits: readonly tf.Tensor[]): LayerRouting[] {
  return logits.map((each) => {
    const logits_TE = each as tf.Tensor2D;
    const probs_TE = tf.softmax(logits_TE);
    const mask_TE = topKMask(probs_TE, TOP_K);
    const kept_TE = probs_TE.mul<tf.Tensor2D>(mask_TE);
    return {
      logits_TE,
      probs_TE,
      mask_TE,
      gates_TE: kept_TE.div(kept_TE.sum(-1, true)),
      // Stand-ins that depend on the logits, whose gradients are what is checked.
      map_ED: logits_TE.transpose(),
      sparsity_T: logits_TE.slice([0, 0], [-1, 1]).reshape([-1]).mul(0.1).sub(5) as tf.Tensor1D,
      outputProducts: [productsOf(logits_TE)],
    };
  });
}

/** Inner products of two numbers an expert: its logit, and 1. */
function productsOf(logits_TE: tf.Tensor2D): tf.Tensor3D {
  return logits_TE.expandDims<tf.Tensor3D>(2).mul<tf.Tensor3D>(logits_TE.expandDims(1)).add(1);
}

const program =
  (strategy: CoordinationStrategy, experts: readonly number[]) =>
  (_: object, trainable: Tensors, state: Tensors, logits: tf.Tensor2D[], mask: tf.Tensor1D) => {
    const names = Object.keys(trainable);
    const evaluate = (inputs: readonly tf.Tensor[]) =>
      strategy.loss(
        { trainable: Object.fromEntries(names.map((name, i) => [name, inputs[logits.length + i]!])), state },
        { layers: routing(inputs.slice(0, logits.length)), tokenMask_T: mask },
        { expertsPerLayer: experts, topK: TOP_K },
      );
    const inputs = [...logits, ...names.map((name) => trainable[name]!)];
    const grads = tf.grads((...values: tf.Tensor[]) => evaluate(values).loss)(inputs);
    const { loss, metrics, state: next } = evaluate(inputs);
    return { loss, metrics, next, grads };
  };

/**
 * What every coordination strategy must hold, in each of the cases: a finite scalar loss, gradients that are finite and equal to
 * finite differences, state of the same names and shapes that carries no gradient, no influence of the order of tokens or of
 * padding, any E per layer, any split of a step into batches, the same numbers on both engines, no leaked tensor.
 */
export const coordinationContract: Contract<CoordinationStrategy, CoordinationContractCase> = {
  kind: coordinationKind,
  checks: (component, cases = DEFAULTS, registry) => [
    ...componentChecks(component),
    defaultsCheck(component, registry),
    {
      name: 'has a coefficient, under each fidelity',
      run() {
        for (const fidelity of FIDELITIES) {
          const context = { fidelity, ...(registry ? { registry } : {}) };
          assert.equal(createComponent(component, { coefficient: 0.25 }, context).coefficient, 0.25);
        }
      },
    },
    ...checksByCase(component, cases, registry, caseChecks),
  ],
};

function caseChecks(
  { countsPadding = false, perBatch = false, ofParameters = false, experts = [4, 6] }: CoordinationContractCase,
  create: () => CoordinationStrategy,
): ContractCheck[] {
  const spec = { expertsPerLayer: experts, topK: TOP_K };
  const logits = experts.map((count, layer) => separated(key.fold('logits').fold(layer), count));
  const setup = () => {
    const strategy = create();
    const init = strategy.init(spec);
    const trainable = Object.fromEntries(
      Object.entries(init.trainable).map(([name, tensor]) => [
        name,
        HostTensor.float(
          tensor.data.map((x) => x * 1.1),
          tensor.shape,
        ),
      ]),
    );
    // As after some steps: a count that is not zero.
    const state = Object.fromEntries(
      Object.entries(init.state).map(([name, tensor]) => [
        name,
        HostTensor.float(
          tensor.data.map((x, i) => x + 0.5 + (i % 3)),
          tensor.shape,
        ),
      ]),
    );
    return { strategy, init, trainable, state };
  };
  const onEager = async (
    strategy: CoordinationStrategy,
    use: (
      run: (...args: [HostTensors, HostTensors, readonly HostTensor[], HostTensor]) => Promise<Outputs>,
    ) => Promise<void>,
  ) => {
    const engine = await createEngine({ engine: 'eager', device: 'cpu' });
    try {
      const run = engine.jit(program(strategy, experts), { name: 'contract', frozen: {} });
      await use((trainable, state, each, mask) => run(trainable, state, [...each], mask));
    } finally {
      await engine.dispose();
    }
  };

  return [
    {
      name: 'loss, metrics, state and gradients, both engines alike, no leak',
      async run() {
        const { strategy, init, trainable, state } = setup();
        const leaks = tf.memory().numTensors;
        const { compiled, eager } = await onBothEngines(program(strategy, experts), {}, [
          trainable,
          state,
          logits,
          mask_T,
        ]);
        assert.equal(tf.memory().numTensors, leaks, 'tensors left behind');
        assert.deepEqual(eager.loss.shape, [], 'the loss must be a scalar');
        assert.ok(Number.isFinite(eager.loss.item()), 'the loss is not finite');
        assertBelow(relativeError(compiled.loss.data, eager.loss.data), 1e-5, 'loss on both engines');
        eager.grads.forEach((gradient, i) => {
          assertBelow(relativeError(compiled.grads[i]!.data, gradient.data), 1e-4, `gradient ${i} on both engines`);
          assert.ok(
            gradient.data.some((value) => value !== 0),
            `gradient ${i} is zero`,
          );
        });
        assert.deepEqual(Object.keys(eager.next).sort(), Object.keys(init.state).sort(), 'names of the state');
        for (const [name, before] of Object.entries(init.state)) {
          assert.deepEqual(eager.next[name]!.shape, before.shape, `shape of ${name}`);
          assertBelow(
            relativeError(compiled.next[name]!.data, eager.next[name]!.data),
            1e-5,
            `${name} on both engines`,
          );
        }
        for (const [name, value] of Object.entries(eager.metrics)) {
          assert.deepEqual(value.shape, [], `metric ${name} must be a scalar`);
          assertBelow(relativeError(compiled.metrics[name]!.data, value.data), 1e-5, `${name} on both engines`);
        }
      },
    },
    {
      name: 'tells its parameters as the loss logs them',
      async run() {
        const { strategy, trainable, state } = setup();
        const { eager } = await onBothEngines(program(strategy, experts), {}, [trainable, state, logits, mask_T]);
        const told = Object.entries(strategy.values?.({ trainable, state }) ?? {}).flatMap(([name, values]) =>
          values.map((value, layer): [string, number] => [`${name}.${layer}`, value]),
        );
        assert.deepEqual(
          told.map(([name]) => name).sort(),
          Object.keys(eager.metrics).sort(),
          'metrics must be the learned parameters that `values` tells, one a layer: `<name>.<layer>`',
        );
        for (const [name, value] of told) assertBelow(relativeError([value], eager.metrics[name]!.data), 1e-6, name);
      },
    },
    {
      name: 'gradients equal central differences along them, within 2 %',
      async run() {
        const { strategy, trainable, state } = setup();
        await onEager(strategy, async (run) => {
          const { grads, loss } = await run(trainable, state, logits, mask_T);
          const inputs = [...logits, ...Object.values(trainable)];
          // The loss moves by this much; float32 resolves 1e-7 of it.
          const step = 2e-4 * Math.max(0.1, Math.abs(loss.item()));
          for (const [i, gradient] of grads.entries()) {
            const norm = euclideanNorm(gradient.data);
            const at = async (sign: number) => {
              const moved = inputs.map((tensor, j) =>
                j === i
                  ? HostTensor.float(
                      tensor.data.map((x, n) => x + (sign * step * gradient.data[n]!) / norm ** 2),
                      tensor.shape,
                    )
                  : tensor,
              );
              const params = Object.fromEntries(
                Object.keys(trainable).map((name, n) => [name, moved[logits.length + n]!]),
              );
              return (await run(params, state, moved.slice(0, logits.length), mask_T)).loss.item();
            };
            const derivative = ((await at(1)) - (await at(-1))) / (2 * step);
            assertBelow(Math.abs(derivative - 1), 0.02, `input ${i}: relative error of the gradient`);
          }
        });
      },
    },
    ...(ofParameters
      ? []
      : [
          {
            name: 'does not depend on the order of tokens, nor on padding unless that counts',
            async run() {
              const { strategy, trainable, state } = setup();
              await onEager(strategy, async (run) => {
                const lossOf = async (changed: readonly HostTensor[], mask = mask_T) =>
                  (await run(trainable, state, changed, mask)).loss.item();
                const base = await lossOf(logits);
                const order = [...key.fold('order').permutation(TOKENS)];
                const rows = (tensor: HostTensor, t: number) =>
                  tensor.data.subarray(t * tensor.shape[1]!, (t + 1) * tensor.shape[1]!);
                const permuted = logits.map((each) =>
                  HostTensor.float(
                    order.flatMap((t) => [...rows(each, t)]),
                    each.shape,
                  ),
                );
                const permutedMask = HostTensor.float(order.map((t) => mask_T.data[t]!));
                assertBelow(
                  Math.abs((await lossOf(permuted, permutedMask)) / base - 1),
                  1e-5,
                  'change by the order of tokens',
                );
                const padded = logits.map((each) =>
                  HostTensor.float(
                    each.data.map((x, i) => (i < REAL * each.shape[1]! ? x : 5 * x - 3)),
                    each.shape,
                  ),
                );
                const change = Math.abs((await lossOf(padded)) / base - 1);
                if (countsPadding) assert.ok(change > 1e-4, 'padding should count here');
                else assertBelow(change, 1e-6, 'change by what padding holds');
              });
            },
          },
        ]),
    ...(perBatch || ofParameters ? [] : [accumulationCheck(setup, routing, spec, logits, mask_T)]),
    {
      name: 'lets no gradient flow into the state',
      async run() {
        const { strategy, trainable, state } = setup();
        if (Object.keys(state).length === 0) return;
        const { eager } = await onBothEngines(
          (_: object, carried: Tensors, each: tf.Tensor2D[], mask: tf.Tensor1D, params: Tensors) =>
            tf.grads((...inputs: tf.Tensor[]) => {
              const result = strategy.loss(
                { trainable: params, state: carried },
                { layers: routing(inputs), tokenMask_T: mask },
                spec,
              );
              return Object.values(result.state).reduce(
                (sum, value) => sum.add(value.square().sum()),
                inputs.reduce((sum: tf.Tensor, input) => sum.add(input.mul(0).sum()), tf.scalar(0)),
              );
            })(each),
          {},
          [state, logits, mask_T, trainable],
        );
        for (const gradient of eager) {
          assert.ok(
            gradient.data.every((value) => value === 0),
            'a gradient flows into the state: stopGradient',
          );
        }
      },
    },
  ];
}

type HostTensors = Readonly<Record<string, HostTensor>>;
type Outputs = HostOf<ReturnType<ReturnType<typeof program>>>;
