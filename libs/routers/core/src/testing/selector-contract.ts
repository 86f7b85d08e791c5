import { FIDELITIES, resolveOptions } from '@gmoe/core';
import { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import { onBothEngines, relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import type { Selector, SelectorDefinition } from '../selector.js';
import { undescribedOptions } from './described-options.js';

/** One configuration that a selector is tested in. */
export interface SelectorContractCase {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Rows of the gates sum to 1 (the default), or need not: capacity, weights that are not renormalised. */
  readonly rowsSumToOne?: boolean;
  /** Whether a token's experts depend on the order of tokens: capacity. */
  readonly dependsOnOrder?: boolean;
  /** Whether the weights carry no gradient: weight 1 for a single expert. */
  readonly constantGates?: boolean;
}

const TOKENS = 12;
const REAL = 9;
const EXPERTS = 6;
const key = RandomKey.fromSeed(23);
const logits_TE = key.fold('logits').normal([TOKENS, EXPERTS], 0, 1.5);
const r_TE = key.fold('r').normal([TOKENS, EXPERTS]);
const mask_T = HostTensor.float(Array.from({ length: TOKENS }, (_, t) => (t < REAL ? 1 : 0)));

const program = (selector: Selector) => (_: object, logits: tf.Tensor2D, mask: tf.Tensor1D, r: tf.Tensor2D) => {
  const select = (x: tf.Tensor) => {
    const output = { logits_TE: x as tf.Tensor2D, probs_TE: tf.softmax(x) as tf.Tensor2D };
    return selector.select(output, { tokenMask_T: mask, training: true });
  };
  const gradient = tf.grad((x) => select(x).gates_TE.mul(r).sum())(logits);
  const slotGradient = tf.grad((x) => select(x).weights_TK.square().sum())(logits);
  const squares = tf.grad((x) => select(x).gates_TE.square().sum())(logits);
  // Choosing is no function of the scores that gradients may follow.
  const maskGradient = tf.grad((x) => select(x).mask_TE.mul(r).sum().add(x.mul(0).sum()))(logits);
  const { mask_TE, gates_TE, ids_TK, weights_TK, assigned_TE = mask_TE } = select(logits);
  return { mask_TE, gates_TE, ids_TK, weights_TK, assigned_TE, gradient, slotGradient, squares, maskGradient };
};

const row = ({ data, shape }: HostTensor, t: number): number[] => [
  ...data.subarray(t * shape[1]!, (t + 1) * shape[1]!),
];

/**
 * What every selector must hold: a 0/1 mask without gradient, weights that are 0 elsewhere, slots that say the same as
 * gates, finite gradients, no influence of padding on other tokens, equivariance, the same on both engines, no leak.
 */
export function testSelectorContract(definition: SelectorDefinition, cases: readonly SelectorContractCase[]): void {
  describe(`selector '${definition.id}' keeps the contract`, () => {
    it('describes every option, has a default for each, and takes no other key', () => {
      expect(undescribedOptions(definition.options)).toEqual([]);
      for (const fidelity of FIDELITIES) {
        expect(definition.create(resolveOptions(definition, {}, fidelity) as never).id).toBe(definition.id);
      }
      expect(() => resolveOptions(definition, { 'no such option': 1 }, 'paper')).toThrow(/no such option/);
    });

    describe.each(cases)('$name', (one) => {
      const selector = definition.create(resolveOptions(definition, one.options ?? {}, 'paper') as never);
      const run = (logits = logits_TE, mask = mask_T) => onBothEngines(program(selector), {}, [logits, mask, r_TE]);

      it('mask, gates and slots agree, both engines alike, no leak', async () => {
        const leaks = tf.memory().numTensors;
        const { compiled, eager } = await run();
        expect(tf.memory().numTensors).toBe(leaks);
        const gradients = ['gradient', 'slotGradient', 'squares'];
        for (const [name, value] of Object.entries(eager)) {
          const other = compiled[name as keyof typeof compiled];
          if (one.constantGates && gradients.includes(name)) {
            expect(Math.max(...value.data, ...other.data), `${name} is rounding`).toBeLessThan(1e-6);
          } else {
            expect(relativeError(other.data, value.data), name).toBeLessThan(1e-5);
          }
        }
        const { mask_TE, gates_TE, ids_TK, weights_TK, assigned_TE } = eager;
        expect(ids_TK.dtype).toBe('int32');
        expect(ids_TK.shape).toEqual([TOKENS, selector.slots(EXPERTS)]);
        for (let t = 0; t < TOKENS; t++) {
          const [mask, gates, ids, weights] = [mask_TE, gates_TE, ids_TK, weights_TK].map((each) => row(each, t));
          expect(mask!.every((value) => value === 0 || value === 1)).toBe(true);
          expect(mask!.every((value, e) => value <= row(assigned_TE, t)[e]!)).toBe(true);
          expect(gates!.every((value, e) => value >= 0 && (value === 0 || mask![e] === 1))).toBe(true);
          const bySlot = Array.from({ length: EXPERTS }, () => 0);
          ids!.forEach((id, j) => (bySlot[id]! += weights![j]!));
          expect(relativeError(bySlot, gates!)).toBeLessThan(1e-6);
          if (one.rowsSumToOne ?? true) {
            expect(Math.abs(gates!.reduce((sum, value) => sum + value, 0) - 1)).toBeLessThan(1e-6);
          }
        }
        if (!one.constantGates) {
          expect(relativeError(eager.slotGradient.data, eager.squares.data)).toBeLessThan(1e-5);
          expect(eager.gradient.data.some((value) => value !== 0)).toBe(true);
        }
        expect([...eager.maskGradient.data].every((value) => value === 0)).toBe(true);
      });

      it('ignores what padding holds', async () => {
        const base = await run();
        const changed = logits_TE.data.map((value, i) => (i < REAL * EXPERTS ? value : 3 - 2 * value));
        const padded = await run(HostTensor.float(changed, logits_TE.shape));
        expect(padded.eager.gates_TE.data.subarray(0, REAL * EXPERTS)).toEqual(
          base.eager.gates_TE.data.subarray(0, REAL * EXPERTS),
        );
      });

      it.runIf(!one.dependsOnOrder)('is equivariant in the order of tokens', async () => {
        const base = await run();
        const order = [...key.fold('order').permutation(TOKENS)];
        const permuted = HostTensor.float(
          order.flatMap((t) => row(logits_TE, t)),
          logits_TE.shape,
        );
        const { eager } = await run(permuted, HostTensor.float(order.map((t) => mask_T.data[t]!)));
        const want = order.flatMap((t) => row(base.eager.gates_TE, t));
        expect(relativeError(eager.gates_TE.data, want)).toBeLessThan(1e-6);
      });
    });
  });
}
