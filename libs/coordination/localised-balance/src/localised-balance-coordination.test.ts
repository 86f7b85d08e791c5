import { lossOfStep, passSums, type CoordinationContext } from '@gmoe/coordination-core';
import { coordinationContract } from '@gmoe/coordination-core/testing';
import { createComponent } from '@gmoe/core';
import { testChecks } from '@gmoe/core/testing';
import { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import { onBothEngines } from '@gmoe/tensor/testing';
import { expect, it } from 'vitest';
import { localisedBalanceCoordination } from './index.js';

testChecks(
  `coordination '${localisedBalanceCoordination.id}' keeps the contract`,
  coordinationContract.checks(localisedBalanceCoordination, [
    // Without segments a batch is one example, which no split keeps whole: below is a step of whole examples.
    { name: 'defaults', perBatch: true },
    { name: 'one expert of the first type', options: { firstExperts: 1, delta: -0.3 }, perBatch: true },
  ]),
);

const EXPERTS = 5;
/** Two rows of six; the example of a token, and which domain it is of (of `names`, 0 = another). */
const SEGMENTS = [1, 1, 1, 2, 2, 0, 1, 2, 2, 2, 3, 3];
const DOMAINS = [2, 2, 2, 0, 0, 0, 1, 0, 0, 0, 2, 2];
const EXAMPLES = [[0, 1, 2], [3, 4], [6], [7, 8, 9], [10, 11]];
const names = ['biology', 'physics'];
const logits = RandomKey.fromSeed(5).normal([12, EXPERTS]);
const [row, segments, marks] = [6, HostTensor.int(SEGMENTS, [2, 6]), HostTensor.int(DOMAINS, [2, 6])];

interface Case {
  readonly domains: readonly string[];
  readonly delta: number;
  readonly firstExperts?: number;
}
const cases: readonly Case[] = [
  { domains: ['physics'], delta: 0.1 },
  { domains: ['physics', 'biology'], delta: 0.5, firstExperts: 1 },
  { domains: ['physics', 'history'], delta: -0.4, firstExperts: 4 },
];

/** The formula, example by example. */
function naive({ domains, delta, firstExperts = 2 }: Case): number {
  const z = EXAMPLES.flatMap((tokens) => {
    const first = domains.includes(names[DOMAINS[tokens[0]!]! - 1]!);
    return Array.from({ length: EXPERTS }, (_, e) => {
      const weight = tokens.reduce((sum, t) => {
        const scores = [...logits.data.subarray(EXPERTS * t, EXPERTS * (t + 1))].map(Math.exp);
        return sum + scores[e]! / scores.reduce((a, b) => a + b);
      }, 0);
      return weight * (e < firstExperts === first ? 1 + delta : 1 - delta);
    });
  });
  const mean = z.reduce((a, b) => a + b) / z.length;
  return z.reduce((sum, value) => sum + (value - mean) ** 2, 0) / z.length / mean;
}

const evaluate = (one: Case) => {
  const strategy = createComponent(localisedBalanceCoordination, { ...one });
  return (context: CoordinationContext) =>
    strategy.loss({ trainable: {}, state: {} }, context, { expertsPerLayer: [EXPERTS], topK: EXPERTS });
};

function contextOf(scores: tf.Tensor2D, segments_BS: tf.Tensor2D, ids_BS: tf.Tensor2D): CoordinationContext {
  const probs_TE = tf.softmax(scores);
  const tokenMask_T = segments_BS.reshape([-1]).greater(0).cast<tf.Tensor1D>('float32');
  const layer = { logits_TE: scores, probs_TE, mask_TE: tf.onesLike(probs_TE), gates_TE: probs_TE };
  return { layers: [layer], tokenMask_T, segments_BS, domains: { names, ids_BS } };
}

it.each(cases)('is Var(I Q) / Mean(I Q) over experts and examples: %j', async (one) => {
  const { eager, compiled } = await onBothEngines(
    (_: object, scores: tf.Tensor2D, segments_BS: tf.Tensor2D, ids_BS: tf.Tensor2D) =>
      evaluate(one)(contextOf(scores, segments_BS, ids_BS)).loss,
    {},
    [logits, segments, marks],
  );
  expect(eager.item()).toBeCloseTo(naive(one), 5);
  expect(compiled.item()).toBeCloseTo(naive(one), 5);
});

it('of two batches is that of one', () => {
  const one = cases[0]!;
  const halves = [0, 1].map((half) => {
    const rowOf = (values: readonly number[]) =>
      tf.tensor2d(values.slice(half * row, (half + 1) * row), [1, row], 'int32');
    const scores = tf.tensor2d(
      [...logits.data.slice(half * row * EXPERTS, (half + 1) * row * EXPERTS)],
      [row, EXPERTS],
    );
    return contextOf(scores, rowOf(SEGMENTS), rowOf(DOMAINS));
  });
  const sums = halves
    .map((half) => passSums(evaluate(one), half))
    .reduce((total, more) => total.map((sum, i) => sum.add(more[i]!)));
  for (const half of halves) {
    const { loss } = lossOfStep(evaluate(one), half, { sums, batches: tf.scalar(2) });
    expect(loss.dataSync()[0]).toBeCloseTo(naive(one), 5);
  }
});

it('leaves an expert to each type', () => {
  const strategy = localisedBalanceCoordination.create({ firstExperts: 4 });
  expect(() => strategy.init({ expertsPerLayer: [6, 4], topK: 1 })).toThrow(
    'coordination.localised-balance.firstExperts: must leave an expert to the second type in layers of 4 (got 4)',
  );
});
