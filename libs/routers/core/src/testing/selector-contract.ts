import assert from 'node:assert/strict';
import {
  assertBelow,
  checksByCase,
  componentChecks,
  DEFAULTS,
  defaultsCheck,
  euclideanNorm,
  type Contract,
  type ContractCase,
  type ContractCheck,
  largest,
} from '@gmoe/core';
import { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import { onBothEngines, relativeError } from '@gmoe/tensor/testing';
import type { Tensors } from '../router.js';
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

const WIDTH = 5;
const x_TD = key.fold('x').normal([TOKENS, WIDTH]);
const spec = { modelWidth: WIDTH, experts: EXPERTS, topK: 2, layer: 0 };

type Arguments = [logits: tf.Tensor2D, mask: tf.Tensor1D, r: tf.Tensor2D, x: tf.Tensor2D, trainable: Tensors];

const selection = (selector: Selector, [logits, mask, , x_TD, trainable]: Arguments, training = true) => {
  const output = { logits_TE: logits, probs_TE: tf.softmax(logits) };
  return selector.select(output, { tokenMask_T: mask, training }, selector.init ? { trainable, x_TD } : undefined);
};

const program =
  (selector: Selector) =>
  (_: object, ...[logits, mask, r, x, trainable]: Arguments) => {
    const select = (scores: tf.Tensor) => selection(selector, [scores as tf.Tensor2D, mask, r, x, trainable]);
    const gradient = tf.grad((scores) => select(scores).gates_TE.mul(r).sum())(logits);
    const slotGradient = tf.grad((scores) => select(scores).weights_TK.square().sum())(logits);
    const squares = tf.grad((scores) => select(scores).gates_TE.square().sum())(logits);
    // Choosing is no function of the scores that gradients may follow.
    const maskGradient = tf.grad((scores) => select(scores).mask_TE.mul(r).sum().add(scores.mul(0).sum()))(logits);
    const { mask_TE, gates_TE, ids_TK, weights_TK, assigned_TE = mask_TE } = select(logits);
    return { mask_TE, gates_TE, ids_TK, weights_TK, assigned_TE, gradient, slotGradient, squares, maskGradient };
  };

/** `sum(gates R)` and its gradients by what the selector learns. */
const learning =
  (selector: Selector) =>
  (_: object, ...[logits, mask, r, x, trainable]: Arguments) => {
    const names = Object.keys(trainable);
    const loss = (...values: tf.Tensor[]) => {
      const params = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      return selection(selector, [logits, mask, r, x, params]).gates_TE.mul(r).sum<tf.Scalar>();
    };
    const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => trainable[name]!));
    return { loss: value, gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])) };
  };

/** What a selector learns, moved off its start, which may be zero. */
function learned(selector: Selector): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(selector.init?.(key.fold('init'), spec) ?? {}).map(([name, tensor]) => {
      const noise = key.fold('shift').fold(name).normal(tensor.shape, 0, 0.3);
      return [
        name,
        HostTensor.float(
          tensor.data.map((value, i) => value + noise.data[i]!),
          tensor.shape,
        ),
      ];
    }),
  );
}

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
    defaultsCheck(component, registry),
    ...checksByCase(component, cases, registry, caseChecks),
  ],
};

function caseChecks(one: SelectorContractCase, create: () => Selector): ContractCheck[] {
  const run = (logits = logits_TE, mask = mask_T, x = x_TD) => {
    const selector = create();
    return onBothEngines(program(selector), {}, [logits, mask, r_TE, x, learned(selector)]);
  };
  const inEvaluation = (logits: HostTensor, mask: HostTensor, x: HostTensor) => {
    const selector = create();
    return onBothEngines((_: object, ...args: Arguments) => selection(selector, args, false).gates_TE, {}, [
      logits,
      mask,
      r_TE,
      x,
      learned(selector),
    ]);
  };
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
    {
      name: 'what it learns has gradients, both engines alike, equal to central differences within 2 %',
      run: () => checkLearning(create()),
    },
    {
      name: 'says whether outside of training a token depends on others',
      async run() {
        const whole = await inEvaluation(logits_TE, mask_T, x_TD);
        assertBelow(relativeError(whole.compiled.data, whole.eager.data), 1e-5, 'gates in evaluation on both engines');
        if (one.dependsOnOrder) return;
        const first = (tensor: HostTensor, count: number) =>
          HostTensor.float(tensor.data.subarray(0, count * (tensor.shape[1] ?? 1)), [count, ...tensor.shape.slice(1)]);
        const alone = await inEvaluation(first(logits_TE, 2), first(mask_T, 2), first(x_TD, 2));
        const error = relativeError(alone.eager.data, whole.eager.data.subarray(0, 2 * EXPERTS));
        if (create().acausal) assert.ok(error > 1e-3, 'it says that later tokens count, and they do not');
        else assertBelow(error, 1e-6, 'gates in evaluation without the other tokens');
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
              const mask = HostTensor.float(order.map((t) => mask_T.data[t]!));
              const x = HostTensor.float(
                order.flatMap((t) => row(x_TD, t)),
                x_TD.shape,
              );
              const { eager } = await run(permuted, mask, x);
              const want = order.flatMap((t) => row(base.eager.gates_TE, t));
              assertBelow(relativeError(eager.gates_TE.data, want), 1e-6, 'gates of tokens in another order');
            },
          },
        ]),
  ];
}

async function checkNumbers(one: SelectorContractCase, selector: Selector): Promise<void> {
  const leaks = tf.memory().numTensors;
  const args = [logits_TE, mask_T, r_TE, x_TD, learned(selector)];
  const { compiled, eager } = await onBothEngines(program(selector), {}, args);
  assert.equal(tf.memory().numTensors, leaks, 'tensors left behind');
  const gradients = ['gradient', 'slotGradient', 'squares'];
  for (const [name, value] of Object.entries(eager)) {
    const other = compiled[name as keyof typeof compiled];
    if (one.constantGates && gradients.includes(name)) {
      assertBelow(largest([...value.data, ...other.data]), 1e-6, `${name}, which should be rounding`);
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

async function checkLearning(selector: Selector): Promise<void> {
  const trainable = learned(selector);
  const names = Object.keys(trainable);
  if (names.length === 0) return;
  const run = (params: Record<string, HostTensor>) =>
    onBothEngines(learning(selector), {}, [logits_TE, mask_T, r_TE, x_TD, params]);
  const { compiled, eager } = await run(trainable);
  for (const name of names) {
    const gradient = eager.gradients[name]!;
    assertBelow(
      relativeError(compiled.gradients[name]!.data, gradient.data),
      1e-4,
      `gradient of ${name} on both engines`,
    );
    const norm = euclideanNorm(gradient.data);
    assert.ok(norm > 0, `${name} does not learn: its gradient is zero`);
    const at = async (sign: number) => {
      const moved = HostTensor.float(
        trainable[name]!.data.map((value, i) => value + (sign * 3e-4 * gradient.data[i]!) / norm ** 2),
        gradient.shape,
      );
      return (await run({ ...trainable, [name]: moved })).eager.loss.item();
    };
    const derivative = ((await at(1)) - (await at(-1))) / 6e-4;
    assertBelow(Math.abs(derivative - 1), 0.02, `${name}: relative error of the gradient`);
  }
}
