import assert from 'node:assert/strict';
import {
  assertBelow,
  checksByCase,
  componentChecks,
  createComponent,
  DEFAULTS,
  FIDELITIES,
  type Contract,
  type ContractCase,
  type ContractCheck,
} from '@gmoe/core';
import { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import { onBothEngines, relativeError } from '@gmoe/tensor/testing';
import { selectorKind, type Selector } from '../selector.js';

/** One configuration that a selector is tested in. */
export interface SelectorContractCase extends ContractCase {
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
export const selectorContract: Contract<Selector, SelectorContractCase> = {
  kind: selectorKind,
  checks: (component, cases = DEFAULTS, registry) => [
    ...componentChecks(component),
    {
      name: 'has a default for every option, under each fidelity',
      run() {
        for (const fidelity of FIDELITIES) {
          assert.equal(
            createComponent(component, {}, { fidelity, ...(registry ? { registry } : {}) }).id,
            component.id,
          );
        }
      },
    },
    ...checksByCase(component, cases, registry, caseChecks),
  ],
};

function caseChecks(one: SelectorContractCase, create: () => Selector): ContractCheck[] {
  const run = (logits = logits_TE, mask = mask_T) => onBothEngines(program(create()), {}, [logits, mask, r_TE]);
  return [
    { name: 'mask, gates and slots agree, both engines alike, no leak', run: () => checkNumbers(one, create()) },
    {
      name: 'ignores what padding holds',
      async run() {
        const base = await run();
        const changed = logits_TE.data.map((value, i) => (i < REAL * EXPERTS ? value : 3 - 2 * value));
        const padded = await run(HostTensor.float(changed, logits_TE.shape));
        assert.deepEqual(
          padded.eager.gates_TE.data.subarray(0, REAL * EXPERTS),
          base.eager.gates_TE.data.subarray(0, REAL * EXPERTS),
        );
      },
    },
    ...(one.dependsOnOrder
      ? []
      : [
          {
            name: 'is equivariant in the order of tokens',
            async run() {
              const base = await run();
              const order = [...key.fold('order').permutation(TOKENS)];
              const permuted = HostTensor.float(
                order.flatMap((t) => row(logits_TE, t)),
                logits_TE.shape,
              );
              const { eager } = await run(permuted, HostTensor.float(order.map((t) => mask_T.data[t]!)));
              const want = order.flatMap((t) => row(base.eager.gates_TE, t));
              assertBelow(relativeError(eager.gates_TE.data, want), 1e-6, 'gates of tokens in another order');
            },
          },
        ]),
  ];
}

async function checkNumbers(one: SelectorContractCase, selector: Selector): Promise<void> {
  const leaks = tf.memory().numTensors;
  const { compiled, eager } = await onBothEngines(program(selector), {}, [logits_TE, mask_T, r_TE]);
  assert.equal(tf.memory().numTensors, leaks, 'tensors left behind');
  const gradients = ['gradient', 'slotGradient', 'squares'];
  for (const [name, value] of Object.entries(eager)) {
    const other = compiled[name as keyof typeof compiled];
    if (one.constantGates && gradients.includes(name)) {
      assertBelow(Math.max(...value.data, ...other.data), 1e-6, `${name}, which should be rounding`);
    } else {
      assertBelow(relativeError(other.data, value.data), 1e-5, `${name} on both engines`);
    }
  }
  const { mask_TE, gates_TE, ids_TK, weights_TK, assigned_TE } = eager;
  assert.equal(ids_TK.dtype, 'int32', 'type of ids_TK');
  assert.deepEqual(ids_TK.shape, [TOKENS, selector.slots(EXPERTS)], 'shape of ids_TK: [T, slots(E)]');
  for (let t = 0; t < TOKENS; t++) {
    const [mask, gates, ids, weights] = [mask_TE, gates_TE, ids_TK, weights_TK].map((each) => row(each, t));
    assert.ok(
      mask!.every((value) => value === 0 || value === 1),
      'the mask holds other values than 0 and 1',
    );
    assert.ok(
      mask!.every((value, e) => value <= row(assigned_TE, t)[e]!),
      'an expert serves a token that was not sent to it',
    );
    assert.ok(
      gates!.every((value, e) => value >= 0 && (value === 0 || mask![e] === 1)),
      'a gate is negative, or not 0 where the mask is 0',
    );
    const bySlot = Array.from({ length: EXPERTS }, () => 0);
    ids!.forEach((id, j) => (bySlot[id]! += weights![j]!));
    assertBelow(relativeError(bySlot, gates!), 1e-6, 'slots against gates');
    if (one.rowsSumToOne ?? true) {
      assertBelow(Math.abs(gates!.reduce((sum, value) => sum + value, 0) - 1), 1e-6, 'sum of gates, off 1 by');
    }
  }
  if (!one.constantGates) {
    assertBelow(relativeError(eager.slotGradient.data, eager.squares.data), 1e-5, 'gradient through slots and gates');
    assert.ok(
      eager.gradient.data.some((value) => value !== 0),
      'no gradient reaches the scores',
    );
  }
  assert.ok(
    [...eager.maskGradient.data].every((value) => value === 0),
    'a gradient flows through the mask',
  );
}
