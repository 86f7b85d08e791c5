import assert from 'node:assert/strict';
import {
  assertBelow,
  checksByCase,
  componentChecks,
  DEFAULTS,
  defaultsCheck,
  type Contract,
  type ContractCase,
  type ContractCheck,
  euclideanNorm,
  smallest,
} from '@gmoe/core';
import { createEngine, HostTensor, mapTree, RandomKey, tf, type HostOf } from '@gmoe/tensor';
import { onBothEngines, relativeError } from '@gmoe/tensor/testing';
import {
  routerKind,
  type HostTensors,
  type Router,
  type RouterInit,
  type RouterSpec,
  type Tensors,
} from '../router.js';

/** One configuration that a router is tested in. */
export interface RouterContractCase extends ContractCase {
  /** E that the case is tested with; every expert must be able to differ. Default 2 and 5. */
  readonly experts?: readonly number[];
  /** Step of the finite difference along the gradient, relative to its norm. Default 3e-3. */
  readonly step?: number;
}

const TOKENS = 9;
const WIDTH = 6;
/** Real tokens come first, then padding. */
const REAL = 7;
const key = RandomKey.fromSeed(11);

const specOf = (experts: number): RouterSpec => ({ modelWidth: WIDTH, experts, topK: 2, layer: 0 });
const x_TD = key.fold('x').normal([TOKENS, WIDTH]);
const mask_T = HostTensor.float(Array.from({ length: TOKENS }, (_, t) => (t < REAL ? 1 : 0)));

type Input = { x: tf.Tensor2D; mask: tf.Tensor1D; noise: tf.Tensor2D; state: Tensors };

const outputs = (router: Router, spec: RouterSpec, trainable: Tensors, frozen: Tensors, input: Input) => {
  const noise = router.needsNoise ? { noise_TE: input.noise } : {};
  const context = { tokenMask_T: input.mask, training: true, ...noise };
  return router.route({ trainable, frozen, state: input.state }, input.x, context, spec);
};

/** Outputs, `sum(P R)` and its gradients by every trainable tensor and by x. */
const program =
  (router: Router, spec: RouterSpec) => (frozen: Tensors, trainable: Tensors, input: Input, r: tf.Tensor2D) => {
    const names = Object.keys(trainable);
    const loss = (x: tf.Tensor, ...values: tf.Tensor[]) => {
      const params = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      const out = outputs(router, spec, params, frozen, { ...input, x: x as tf.Tensor2D });
      return out.probs_TE.mul(r).sum<tf.Scalar>();
    };
    const { value, grads } = tf.valueAndGrads(loss)([input.x, ...names.map((name) => trainable[name]!)]);
    const out = outputs(router, spec, trainable, frozen, input);
    return {
      logits: out.logits_TE,
      probs: out.probs_TE,
      scores: out.selectionScores_TE ?? out.probs_TE,
      loss: value as tf.Scalar,
      gradX: grads[0]!,
      gradients: Object.fromEntries(names.map((name, i) => [name, grads[i + 1]!])),
    };
  };

/** Rows of a matrix in another order. */
function permuteRows(matrix: HostTensor, order: ArrayLike<number>): HostTensor {
  const width = matrix.shape[1]!;
  return new HostTensor(
    Float32Array.from(matrix.data, (_, i) => matrix.data[order[Math.floor(i / width)]! * width + (i % width)]!),
    matrix.shape,
  );
}

/**
 * What every router must hold, in each of the cases: probabilities that sum to 1, gradients that are finite and equal to
 * finite differences, no influence between tokens (equivariance, padding), draws that depend on the key alone, any E,
 * the same numbers on both engines, no leaked tensor.
 */
export const routerContract: Contract<Router, RouterContractCase> = {
  kind: routerKind,
  checks: (component, cases = DEFAULTS, registry) => [
    ...componentChecks(component),
    defaultsCheck(component, registry),
    ...checksByCase(component, cases, registry, caseChecks),
  ],
};

function caseChecks(
  { step = 3e-3, experts: sizes = [2, 5] }: RouterContractCase,
  create: () => Router,
): ContractCheck[] {
  const setup = (experts: number) => {
    const router = create();
    const spec = specOf(experts);
    const init = router.init(key.fold('init'), spec);
    // Moved off the starting values, which may be zero: zero weights hide wrong gradients.
    const trainable = shift(init.trainable, 0.2);
    const input = {
      x: x_TD,
      mask: mask_T,
      noise: key.fold('noise').normal([TOKENS, experts]),
      state: shift(init.state, 0.05),
    };
    const r = key.fold('r').normal([TOKENS, experts]);
    return { router, spec, init, trainable, input, r };
  };
  const onEager = async <R>(
    { router, spec, init }: ReturnType<typeof setup>,
    use: (run: (...args: [HostTensors, object, HostTensor]) => Promise<Outputs>) => Promise<R>,
  ): Promise<R> => {
    const engine = await createEngine({ engine: 'eager', device: 'cpu' });
    try {
      const run = engine.jit(program(router, spec), { name: 'contract', frozen: init.frozen });
      return await use((trainable, input, r) => run(trainable, input as never, r));
    } finally {
      await engine.dispose();
    }
  };

  return [
    ...sizes.map((experts) => ({
      name: `${experts} experts: probabilities, gradients, both engines alike, no leak`,
      run: () => checkNumbers(setup(experts), experts),
    })),
    {
      name: 'gradients equal central differences along them, within 2 %',
      async run() {
        const parts = setup(4);
        const { trainable, input, r } = parts;
        await onEager(parts, async (run) => {
          const { gradients } = await run(trainable, input, r);
          for (const [name, gradient] of Object.entries(gradients)) {
            const norm = euclideanNorm(gradient.data);
            const at = async (sign: number) => {
              const moved = move(trainable[name]!, gradient, (sign * step) / norm ** 2);
              return (await run({ ...trainable, [name]: moved }, input, r)).loss.item();
            };
            // Along the gradient the derivative is its norm; the step changes the loss by about `step`.
            const derivative = ((await at(1)) - (await at(-1))) / (2 * step);
            assertBelow(Math.abs(derivative - 1), 0.02, `${name}: relative error of the gradient`);
          }
        });
      },
    },
    {
      name: 'treats tokens alike and apart: order and padding change nothing else',
      async run() {
        const parts = setup(4);
        const { trainable, input, r } = parts;
        await onEager(parts, async (run) => {
          const base = await run(trainable, input, r);
          const order = key.fold('order').permutation(TOKENS);
          const mask = HostTensor.float(Array.from(order, (t) => mask_T.data[t]!));
          const shuffled = { ...input, x: permuteRows(x_TD, order), noise: permuteRows(input.noise, order), mask };
          const permuted = await run(trainable, shuffled, r);
          for (const name of ['probs', 'scores'] as const) {
            const error = relativeError(permuted[name].data, permuteRows(base[name], order).data);
            assertBelow(error, 1e-6, `${name} of tokens in another order`);
          }
          const noisy = x_TD.data.map((value, i) => (i < REAL * WIDTH ? value : 1e3 * (value + 1)));
          const padded = await run(trainable, { ...input, x: HostTensor.float(noisy, x_TD.shape) }, r);
          const real = REAL * 4;
          assert.deepEqual(
            padded.probs.data.subarray(0, real),
            base.probs.data.subarray(0, real),
            'padding changes real tokens',
          );
        });
      },
    },
    {
      name: 'draws from the key alone, for any E',
      run() {
        const router = create();
        for (const experts of [1, 3, 8]) {
          const spec = specOf(experts);
          assert.deepEqual(router.init(key, spec), router.init(key, spec));
        }
        const [one, other] = [router.init(key.fold(1), specOf(8)), router.init(key.fold(2), specOf(8))];
        assert.deepEqual(Object.keys(one.trainable), Object.keys(other.trainable));
        for (const [name, tensor] of Object.entries({ ...one.trainable, ...one.frozen, ...one.state })) {
          assert.ok(tensor instanceof HostTensor, `init: '${name}' must be a HostTensor (not a tfjs tensor)`);
          assert.ok(tensor.data.every(Number.isFinite), `init: '${name}' is not finite`);
        }
      },
    },
    {
      name: 'says whether it ranks by other scores, and whether it is a linear map',
      async run() {
        const { router, spec, init, trainable, input } = setup(4);
        const { eager } = await onBothEngines(
          (frozen: Tensors, params: Tensors, { state, ...pass }: Input) => {
            const out = outputs(router, spec, params, frozen, { ...pass, state });
            const { logits_TE, map_ED } = out;
            return {
              logits_TE,
              ...(map_ED ? { mapped_TE: tf.matMul(pass.x, map_ED, false, true) } : {}),
              ranks: tf.scalar(Number(out.selectionScores_TE !== undefined)),
            };
          },
          init.frozen,
          [trainable, input],
        );
        assert.equal(eager.ranks.item() === 1, router.ranks ?? false, '`ranks` and selectionScores_TE go together');
        assert.equal(eager.mapped_TE !== undefined, router.linear ?? false, '`linear` and map_ED go together');
        if (eager.mapped_TE)
          assertBelow(relativeError(eager.mapped_TE.data, eager.logits_TE.data), 1e-5, 'x W^T against the logits');
      },
    },
    {
      name: 'carries its state on in the same shapes',
      async run() {
        const { router, spec, init } = setup(4);
        assert.equal(
          Object.keys(init.state).length > 0,
          router.nextState !== undefined,
          'state and nextState go together',
        );
        if (!router.nextState) return;
        const next = await onBothEngines(
          (_: object, state: Tensors, load_E: tf.Tensor1D, scores_TE: tf.Tensor2D, tokenMask_T: tf.Tensor1D) =>
            router.nextState!(state, { load_E, ...(router.stepScores ? { scores_TE, tokenMask_T } : {}) }, spec),
          {},
          [init.state, HostTensor.float([8, 2, 3, 3]), key.fold('scores').normal([TOKENS, 4]), mask_T],
        );
        assert.deepEqual(Object.keys(next.eager), Object.keys(init.state));
        for (const [name, before] of Object.entries(init.state)) {
          assert.deepEqual(next.eager[name]!.shape, before.shape);
          assertBelow(
            relativeError(next.compiled[name]!.data, next.eager[name]!.data),
            1e-6,
            `${name} on both engines`,
          );
        }
      },
    },
  ];
}

type Outputs = HostOf<ReturnType<ReturnType<typeof program>>>;

async function checkNumbers(
  {
    router,
    spec,
    init,
    trainable,
    input,
    r,
  }: { router: Router; spec: RouterSpec; init: RouterInit; trainable: HostTensors; input: object; r: HostTensor },
  experts: number,
): Promise<void> {
  const leaks = tf.memory().numTensors;
  const { compiled, eager } = await onBothEngines(program(router, spec), init.frozen, [trainable, input, r]);
  assert.equal(tf.memory().numTensors, leaks, 'tensors left behind');
  for (const name of ['probs', 'logits', 'scores'] as const) {
    assert.deepEqual(eager[name].shape, [TOKENS, experts], `shape of ${name}`);
    assertBelow(relativeError(compiled[name].data, eager[name].data), 1e-5, `${name} on both engines`);
  }
  for (let t = 0; t < TOKENS; t++) {
    const row = [...eager.probs.data.subarray(t * experts, (t + 1) * experts)];
    assert.ok(smallest(row) >= 0, `a probability of token ${t} is negative`);
    assertBelow(Math.abs(row.reduce((sum, p) => sum + p, 0) - 1), 1e-5, `sum of token ${t}'s probabilities, off 1 by`);
  }
  assertBelow(relativeError(compiled.gradX.data, eager.gradX.data), 1e-4, 'gradient of x on both engines');
  assert.deepEqual(Object.keys(eager.gradients), Object.keys(init.trainable));
  for (const [name, gradient] of Object.entries(eager.gradients)) {
    // relativeError is infinite for values that are not finite.
    assertBelow(
      relativeError(compiled.gradients[name]!.data, gradient.data),
      1e-4,
      `gradient of ${name} on both engines`,
    );
    assert.ok(
      gradient.data.some((value) => value !== 0),
      `${name} does not learn: its gradient is zero`,
    );
  }
}

function shift(tensors: HostTensors, std: number): Record<string, HostTensor> {
  const isHost = (value: unknown): value is HostTensor => value instanceof HostTensor;
  return mapTree(tensors, isHost, (tensor, path) => {
    const noise = key.fold('shift').fold(path).normal(tensor.shape, 0, std);
    return move(tensor, noise, 1);
  }) as Record<string, HostTensor>;
}

function move(tensor: HostTensor, direction: HostTensor, factor: number): HostTensor {
  return HostTensor.float(
    tensor.data.map((value, i) => value + factor * direction.data[i]!),
    tensor.shape,
  );
}
