import { FIDELITIES, resolveOptions } from '@gmoe/core';
import { createEngine, HostTensor, RandomKey, tf, topKMask } from '@gmoe/tensor';
import { onBothEngines, relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { CoordinationDefinition, CoordinationStrategy, LayerRouting, Tensors } from '../strategy.js';

/** One configuration that a strategy is tested in. */
export interface CoordinationContractCase {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Padding counts: an option of the reference. */
  readonly countsPadding?: boolean;
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
    return { logits_TE, probs_TE, mask_TE, gates_TE: kept_TE.div(kept_TE.sum(-1, true)) };
  });
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
 * padding, any E per layer, the same numbers on both engines, no leaked tensor. Call it at the top level of a test file.
 */
export function testCoordinationContract(
  definition: CoordinationDefinition,
  cases: readonly CoordinationContractCase[],
): void {
  describe(`coordination '${definition.id}' keeps the contract`, () => {
    it('describes every option, has a default for each, a coefficient, and takes no other key', () => {
      const { shape } = definition.options as unknown as { shape: Record<string, z.ZodType> };
      expect(Object.keys(shape).filter((name) => !shape[name]!.description)).toEqual([]);
      for (const fidelity of FIDELITIES) {
        const options = resolveOptions(definition, { coefficient: 0.25 }, fidelity);
        expect(definition.create(options as never).coefficient).toBe(0.25);
        expect(definition.create(resolveOptions(definition, {}, fidelity) as never).id).toBe(definition.id);
      }
      expect(() => resolveOptions(definition, { 'no such option': 1 }, 'paper')).toThrow(/no such option/);
    });

    describe.each(cases)('$name', ({ options = {}, countsPadding = false, experts = [4, 6] }) => {
      const strategy = definition.create(resolveOptions(definition, options, 'paper') as never);
      const spec = { expertsPerLayer: experts, topK: TOP_K };
      const init = strategy.init(spec);
      const logits = experts.map((count, layer) => separated(key.fold('logits').fold(layer), count));
      const trainable = Object.fromEntries(
        Object.entries(init.trainable).map(([name, tensor]) => [
          name,
          HostTensor.float(tensor.data.map((x) => x * 1.1)),
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

      it('loss, metrics, state and gradients, both engines alike, no leak', async () => {
        const leaks = tf.memory().numTensors;
        const { compiled, eager } = await onBothEngines(program(strategy, experts), {}, [
          trainable,
          state,
          logits,
          mask_T,
        ]);
        expect(tf.memory().numTensors).toBe(leaks);
        expect(eager.loss.shape).toEqual([]);
        expect(Number.isFinite(eager.loss.item())).toBe(true);
        expect(relativeError(compiled.loss.data, eager.loss.data)).toBeLessThan(1e-5);
        eager.grads.forEach((gradient, i) => {
          expect(relativeError(compiled.grads[i]!.data, gradient.data)).toBeLessThan(1e-4);
          expect(gradient.data.some((value) => value !== 0)).toBe(true);
        });
        expect(Object.keys(eager.next)).toEqual(expect.arrayContaining(Object.keys(init.state)));
        expect(Object.keys(eager.next).length).toBe(Object.keys(init.state).length);
        for (const [name, before] of Object.entries(init.state)) {
          expect(eager.next[name]!.shape).toEqual(before.shape);
          expect(relativeError(compiled.next[name]!.data, eager.next[name]!.data)).toBeLessThan(1e-5);
        }
        for (const [name, value] of Object.entries(eager.metrics)) {
          expect(value.shape, name).toEqual([]);
          expect(relativeError(compiled.metrics[name]!.data, value.data)).toBeLessThan(1e-5);
        }
      });

      it('tells its parameters as the loss logs them', async () => {
        const { eager } = await onBothEngines(program(strategy, experts), {}, [trainable, state, logits, mask_T]);
        const told = Object.entries(strategy.values?.({ trainable, state }) ?? {}).flatMap(([name, values]) =>
          values.map((value, layer): [string, number] => [`${name}.${layer}`, value]),
        );
        expect(told.map(([name]) => name).sort()).toEqual(Object.keys(eager.metrics).sort());
        for (const [name, value] of told) expect(relativeError([value], eager.metrics[name]!.data)).toBeLessThan(1e-6);
      });

      it('gradients equal central differences along them, within 2 %', async () => {
        const engine = await createEngine({ engine: 'eager', device: 'cpu' });
        const run = engine.jit(program(strategy, experts), { name: 'differences', frozen: {} });
        const { grads, loss } = await run(trainable, state, logits, mask_T);
        const inputs = [...logits, ...Object.values(trainable)];
        // The loss moves by this much; float32 resolves 1e-7 of it.
        const step = 2e-4 * Math.max(0.1, Math.abs(loss.item()));
        for (const [i, gradient] of grads.entries()) {
          const norm = Math.hypot(...gradient.data);
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
          expect(Math.abs(derivative - 1), `input ${i}: ${derivative}`).toBeLessThan(0.02);
        }
        await engine.dispose();
      });

      it('does not depend on the order of tokens, nor on padding unless that counts', async () => {
        const engine = await createEngine({ engine: 'eager', device: 'cpu' });
        const run = engine.jit(program(strategy, experts), { name: 'tokens', frozen: {} });
        const lossOf = async (changed: HostTensor[], mask = mask_T) =>
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
        expect(Math.abs((await lossOf(permuted, permutedMask)) / base - 1)).toBeLessThan(1e-5);
        const padded = logits.map((each) =>
          HostTensor.float(
            each.data.map((x, i) => (i < REAL * each.shape[1]! ? x : 5 * x - 3)),
            each.shape,
          ),
        );
        const change = Math.abs((await lossOf(padded)) / base - 1);
        if (countsPadding) expect(change).toBeGreaterThan(1e-4);
        else expect(change).toBeLessThan(1e-6);
        await engine.dispose();
      });

      it('no gradient flows into the state', async () => {
        const names = Object.keys(state);
        if (names.length === 0) return;
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
        for (const gradient of eager) expect(gradient.data.every((value) => value === 0)).toBe(true);
      });
    });
  });
}
