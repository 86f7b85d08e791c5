import { ComponentRegistry, createComponent } from '@gmoe/core';
import { testChecks } from '@gmoe/core/testing';
import { routerKind, topKSelector } from '@gmoe/routers-core';
import {
  matrixOf,
  nextStateOnBothEngines,
  routeOnBothEngines,
  routerContract,
  rowsOf,
  stubRouter,
} from '@gmoe/routers-core/testing';
import { HostTensor, RandomKey, tensorOf, tf } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { quantileRouter } from './index.js';

const registry = new ComponentRegistry([routerKind], [stubRouter('linear'), quantileRouter]);
testChecks(
  `router '${quantileRouter.id}' keeps the contract`,
  routerContract.checks(quantileRouter, [{ name: 'defaults', experts: [3, 5] }], registry),
);

/** The same by sorting, with padding left out. */
function naiveBeta(scores: readonly number[][], beta: readonly number[], k: number): number[] {
  const falling = (values: readonly number[]) => values.toSorted((a, b) => b - a);
  const alpha = scores.map((row) => falling(row.map((s, e) => s - beta[e]!))[k]!);
  const places = Math.floor((scores.length * k) / beta.length);
  return beta.map((_, e) => falling(scores.map((row, t) => row[e]! - alpha[t]!))[places]!);
}

describe('quantile balancing', () => {
  const key = RandomKey.fromSeed(4);
  const create = (options: Record<string, unknown> = {}) => createComponent(quantileRouter, options, { registry });
  const spec = { modelWidth: 3, experts: 6, topK: 2, layer: 0 };
  // Every token prefers the first experts.
  const preferring = (tokens: number) =>
    matrixOf(rowsOf(key.fold(tokens).uniform([tokens, 6])).map((row) => row.map((u, e) => u + 1.5 / (e + 1))));

  it.each([12, 13])('moves beta as sorting does, %i tokens and padding', async (tokens) => {
    const scores = preferring(tokens);
    const beta = [0.3, -0.1, 0, 0.2, 0, 0.1];
    const padded = HostTensor.float([...scores.data, ...Array.from({ length: 18 }, () => 99)], [tokens + 3, 6]);
    const mask = HostTensor.float(Array.from({ length: tokens + 3 }, (_, t) => (t < tokens ? 1 : 0)));
    const want = naiveBeta(rowsOf(scores), beta, 2);
    const state = { beta: HostTensor.float(beta) };
    const { eager, compiled } = await nextStateOnBothEngines(create(), spec, state, padded, undefined, mask);
    for (const next of [eager, compiled]) expect(relativeError(next['beta']!.data, want)).toBeLessThan(1e-6);
  });

  it('settles where T k / E lies between the tokens above the quantile and those at or above it', () => {
    const router = create();
    const scores = tensorOf(preferring(600)) as tf.Tensor2D;
    const mask = tf.ones<tf.Rank.R1>([600]);
    const load = (beta: tf.Tensor) => {
      const output = { logits_TE: scores, probs_TE: scores, selectionScores_TE: scores.sub<tf.Tensor2D>(beta) };
      const chosen = topKSelector.create({ k: 2 }).select(output, { tokenMask_T: mask, training: true });
      return [...chosen.mask_TE.sum(0).dataSync()];
    };
    let state: { beta: tf.Tensor } = { beta: tf.zeros([6]) };
    expect(Math.max(...load(state.beta))).toBeGreaterThan(500);
    for (let step = 0; step < 250; step++) {
      const usage = { load_E: tf.zeros<tf.Rank.R1>([6]), scores_TE: scores, tokenMask_T: mask };
      state = router.nextState!(state, usage, spec) as typeof state;
    }
    // At the fixed point some tokens stand exactly at the quantile of two experts, at most one for each pair that beta joins.
    for (const served of load(state.beta)) expect(Math.abs(served - 200)).toBeLessThan(6);
    const beta = [...state.beta.dataSync()];
    const rows = rowsOf(preferring(600));
    const alpha = rows.map((row) => row.map((s, e) => s - beta[e]!).toSorted((a, b) => b - a)[2]!);
    beta.forEach((value, e) => {
      const margins = rows.map((row, t) => row[e]! - alpha[t]! - value);
      expect(margins.filter((margin) => margin > 1e-5).length).toBeLessThanOrEqual(200);
      expect(margins.filter((margin) => margin > -1e-5).length).toBeGreaterThan(200);
    });
  });

  it('chooses by s - beta, and leaves weights and logits to the router inside', async () => {
    const router = create({ router: { id: 'linear' } });
    const drawn = router.init(key, spec);
    const beta = HostTensor.float([0.9, 0, 0, 0, 0, 0]);
    const x = key.fold('x').normal([4, 3]);
    const inside = stubRouter('linear').create({});
    const [own, other] = await Promise.all([
      routeOnBothEngines(router, spec, { ...drawn, state: { beta } }, x),
      routeOnBothEngines(inside, spec, inside.init(key, spec), x),
    ]);
    expect(own.eager.probs_TE.data).toEqual(other.eager.probs_TE.data);
    expect(
      relativeError(
        own.eager.scores_TE.data,
        other.eager.probs_TE.data.map((p, i) => p - (i % 6 === 0 ? 0.9 : 0)),
      ),
    ).toBeLessThan(1e-6);
  });

  it('is refused where every expert is chosen, and around another balance', () => {
    expect(() => create().init(key, { ...spec, topK: 6 })).toThrow(/every one of the 6 experts is chosen/);
    expect(() => create({ router: { id: 'quantile' } })).toThrow(
      `router.router: must be a router without a balance of its own inside 'quantile' (got "quantile")`,
    );
  });
});
