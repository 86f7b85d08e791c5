import { FIDELITIES, resolveOptions } from '@gmoe/core';
import { createEngine, HostTensor, mapTree, RandomKey, tf } from '@gmoe/tensor';
import { onBothEngines, relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import type { HostTensors, Router, RouterDefinition, RouterSpec, Tensors } from '../router.js';
import { undescribedOptions } from './described-options.js';

/** One configuration that a router is tested in. */
export interface RouterContractCase {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
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
 * the same numbers on both engines, no leaked tensor. Call it at the top level of a test file.
 */
export function testRouterContract(definition: RouterDefinition, cases: readonly RouterContractCase[]): void {
  describe(`router '${definition.id}' keeps the contract`, () => {
    it('describes every option, has a default for each, and takes no other key', () => {
      expect(undescribedOptions(definition.options)).toEqual([]);
      for (const fidelity of FIDELITIES) {
        expect(definition.create(resolveOptions(definition, {}, fidelity) as never).id).toBe(definition.id);
      }
      expect(() => resolveOptions(definition, { 'no such option': 1 }, 'paper')).toThrow(/no such option/);
    });

    describe.each(cases)('$name', ({ options = {}, step = 3e-3, experts: sizes = [2, 5] }) => {
      const router = definition.create(resolveOptions(definition, options, 'paper') as never);

      const setup = (experts: number) => {
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
        return { spec, init, trainable, input, r };
      };

      it.each(sizes)('%i experts: probabilities, gradients, both engines alike, no leak', async (experts) => {
        const { spec, init, trainable, input, r } = setup(experts);
        const leaks = tf.memory().numTensors;
        const { compiled, eager } = await onBothEngines(program(router, spec), init.frozen, [trainable, input, r]);
        expect(tf.memory().numTensors, 'tensors left behind').toBe(leaks);

        expect(eager.probs.shape).toEqual([TOKENS, experts]);
        expect(eager.logits.shape).toEqual([TOKENS, experts]);
        expect(eager.scores.shape).toEqual([TOKENS, experts]);
        for (let t = 0; t < TOKENS; t++) {
          const row = [...eager.probs.data.subarray(t * experts, (t + 1) * experts)];
          expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
          expect(Math.abs(row.reduce((sum, p) => sum + p, 0) - 1)).toBeLessThan(1e-5);
        }
        expect(relativeError(compiled.logits.data, eager.logits.data), 'logits').toBeLessThan(1e-5);
        expect(relativeError(compiled.probs.data, eager.probs.data), 'probs').toBeLessThan(1e-5);
        expect(relativeError(compiled.scores.data, eager.scores.data), 'scores').toBeLessThan(1e-5);
        expect(relativeError(compiled.gradX.data, eager.gradX.data), 'gradient of x').toBeLessThan(1e-4);
        expect(Object.keys(eager.gradients)).toEqual(Object.keys(init.trainable));
        for (const [name, gradient] of Object.entries(eager.gradients)) {
          // relativeError is infinite for values that are not finite.
          expect(relativeError(compiled.gradients[name]!.data, gradient.data), name).toBeLessThan(1e-4);
          expect(Math.max(...gradient.data.map(Math.abs)), `${name} learns`).toBeGreaterThan(0);
        }
      });

      it('gradients equal central differences along them, within 2 %', async () => {
        const { spec, init, trainable, input, r } = setup(4);
        const engine = await createEngine({ engine: 'eager', device: 'cpu' });
        const run = engine.jit(program(router, spec), { name: 'differences', frozen: init.frozen });
        const { gradients } = await run(trainable, input, r);
        for (const [name, gradient] of Object.entries(gradients)) {
          const norm = Math.hypot(...gradient.data);
          const at = async (sign: number) => {
            const moved = move(trainable[name]!, gradient, (sign * step) / norm ** 2);
            return (await run({ ...trainable, [name]: moved }, input, r)).loss.item();
          };
          // Along the gradient the derivative is its norm; the step changes the loss by about `step`.
          const derivative = ((await at(1)) - (await at(-1))) / (2 * step);
          expect(Math.abs(derivative - 1), `${name}: ${derivative}`).toBeLessThan(0.02);
        }
        await engine.dispose();
      });

      it('treats tokens alike and apart: order and padding change nothing else', async () => {
        const { spec, init, trainable, input, r } = setup(4);
        const engine = await createEngine({ engine: 'eager', device: 'cpu' });
        const run = engine.jit(program(router, spec), { name: 'tokens', frozen: init.frozen });
        const base = await run(trainable, input, r);
        const order = key.fold('order').permutation(TOKENS);
        const permuted = await run(
          trainable,
          {
            ...input,
            x: permuteRows(x_TD, order),
            noise: permuteRows(input.noise, order),
            mask: HostTensor.float(Array.from(order, (t) => mask_T.data[t]!)),
          },
          r,
        );
        expect(relativeError(permuted.probs.data, permuteRows(base.probs, order).data)).toBeLessThan(1e-6);
        expect(relativeError(permuted.scores.data, permuteRows(base.scores, order).data)).toBeLessThan(1e-6);

        const noisy = x_TD.data.map((value, i) => (i < REAL * WIDTH ? value : 1e3 * (value + 1)));
        const padded = await run(trainable, { ...input, x: HostTensor.float(noisy, x_TD.shape) }, r);
        const real = REAL * 4;
        expect(padded.probs.data.subarray(0, real)).toEqual(base.probs.data.subarray(0, real));
        await engine.dispose();
      });

      it('draws from the key alone, for any E', () => {
        for (const experts of [1, 3, 8]) {
          const spec = specOf(experts);
          expect(router.init(key, spec)).toEqual(router.init(key, spec));
        }
        const [one, other] = [router.init(key.fold(1), specOf(8)), router.init(key.fold(2), specOf(8))];
        expect(Object.keys(one.trainable)).toEqual(Object.keys(other.trainable));
        for (const tensor of Object.values({ ...one.trainable, ...one.frozen, ...one.state })) {
          expect(tensor.data.every(Number.isFinite)).toBe(true);
        }
      });

      it('carries its state on in the same shapes', async () => {
        const { spec, init } = setup(4);
        expect(Object.keys(init.state).length > 0).toBe(router.nextState !== undefined);
        if (!router.nextState) return;
        const next = await onBothEngines(
          (_: object, state: Tensors, load_E: tf.Tensor1D) => router.nextState!(state, { load_E }, spec),
          {},
          [init.state, HostTensor.float([8, 2, 3, 3])],
        );
        for (const [name, before] of Object.entries(init.state)) {
          expect(next.eager[name]!.shape).toEqual(before.shape);
          expect(relativeError(next.compiled[name]!.data, next.eager[name]!.data)).toBeLessThan(1e-6);
        }
        expect(Object.keys(next.eager)).toEqual(Object.keys(init.state));
      });
    });
  });
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
