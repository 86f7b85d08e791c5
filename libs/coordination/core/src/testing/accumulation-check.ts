import assert from 'node:assert/strict';
import { assertBelow, type ContractCheck } from '@gmoe/core';
import { createEngine, tf, type HostTensor } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { lossOfStep, passSums } from '../step-sum.js';
import type {
  CoordinationContext,
  CoordinationSpec,
  CoordinationStrategy,
  LayerRouting,
  Tensors,
} from '../strategy.js';

/** Tokens of the parts in which the check takes a batch of 10. */
const SIZES = [4, 6];

export interface AccumulationSetup {
  readonly strategy: CoordinationStrategy;
  readonly trainable: Readonly<Record<string, HostTensor>>;
  readonly state: Readonly<Record<string, HostTensor>>;
}

/** Accumulated batches give the loss, gradients and state of one large batch: sums over tokens go through `stepSum`. */
export function accumulationCheck(
  setup: () => AccumulationSetup,
  routing: (logits: readonly tf.Tensor[]) => LayerRouting[],
  spec: CoordinationSpec,
  logits: readonly HostTensor[],
  mask_T: HostTensor,
): ContractCheck {
  return {
    name: 'two batches of a step are one large batch: sums over tokens go through stepSum',
    async run() {
      const { strategy, trainable, state } = setup();
      const engine = await createEngine({ engine: 'eager', device: 'cpu' });
      try {
        const run = engine.jit(program(strategy, spec, routing), { name: 'accumulation', frozen: {} });
        const { whole, parts } = await run(trainable, state, [...logits], mask_T);
        for (const [i, part] of parts.entries()) {
          assertBelow(relativeError(part.loss.data, whole.loss.data), 1e-5, `loss in batch ${i} of the step`);
          for (const [name, value] of Object.entries(part.state)) {
            assertBelow(relativeError(value.data, whole.state[name]!.data), 1e-5, `state '${name}'`);
          }
        }
        for (const [i, gradient] of whole.grads.entries()) {
          const layers = logits.length;
          const got =
            i < layers
              ? parts.flatMap(({ grads }) => [...grads[i]!.data])
              : Array.from(gradient.data, (_, j) => parts.reduce((sum, { grads }) => sum + grads[i]!.data[j]!, 0));
          assert.equal(got.length, gradient.data.length);
          assertBelow(relativeError(got, gradient.data), 1e-4, `gradient ${i}`);
        }
      } finally {
        await engine.dispose();
      }
    },
  };
}

const program =
  (strategy: CoordinationStrategy, spec: CoordinationSpec, routing: (logits: readonly tf.Tensor[]) => LayerRouting[]) =>
  (_: object, trainable: Tensors, state: Tensors, logits: tf.Tensor2D[], mask_T: tf.Tensor1D) => {
    const names = Object.keys(trainable);
    const evaluate = (inputs: readonly tf.Tensor[]) => (context: CoordinationContext) => {
      const params = Object.fromEntries(names.map((name, i) => [name, inputs[logits.length + i]!]));
      return strategy.loss({ trainable: params, state }, context, spec);
    };
    const contextOf = (inputs: readonly tf.Tensor[], mask: tf.Tensor1D) => ({
      layers: routing(inputs.slice(0, logits.length)),
      tokenMask_T: mask,
    });
    const params = names.map((name) => trainable[name]!);
    const differentiate = (
      inputs: readonly tf.Tensor[],
      result: (values: readonly tf.Tensor[]) => ReturnType<CoordinationStrategy['loss']>,
      share: number,
    ) => {
      const grads = tf.grads((...values: tf.Tensor[]) => result(values).loss.mul(share))([...inputs]);
      const { loss, state: next } = result(inputs);
      return { grads, loss, state: next };
    };

    const whole = differentiate([...logits, ...params], (values) => evaluate(values)(contextOf(values, mask_T)), 1);
    const batches = SIZES.map((size, i) => {
      const start = SIZES.slice(0, i).reduce((sum, each) => sum + each, 0);
      const rows = logits.map((each) => each.slice([start, 0], [size, -1]));
      return { inputs: [...rows, ...params], mask: mask_T.slice([start], [size]) };
    });
    const sums = batches
      .map(({ inputs, mask }) => passSums(evaluate(inputs), contextOf(inputs, mask)))
      .reduce((total, more) => total.map((sum, i) => sum.add(more[i]!)));
    const totals = { sums, batches: tf.scalar(SIZES.length) };
    const parts = batches.map(({ inputs, mask }) =>
      differentiate(
        inputs,
        (values) => lossOfStep(evaluate(values), contextOf(values, mask), totals),
        1 / SIZES.length,
      ),
    );
    return { whole, parts };
  };
