import { describe, expect, it } from 'vitest';
import { pairedTTest } from '../statistics/index.js';
import { armTrials, plainResults } from '../testing/results.js';
import { summarise } from './summarise.js';

/** accuracy[router][coordination][seed] */
const accuracy = {
  linear: { none: [0.5, 0.53, 0.51, 0.5], poisson: [0.52, 0.52, 0.53, 0.51] },
  graph: { none: [0.55, 0.57, 0.56, 0.56], poisson: [0.56, 0.58, 0.57, 0.55] },
};

const trials = Object.entries(accuracy).flatMap(([router, row]) =>
  Object.entries(row).flatMap(([coordination, values]) =>
    armTrials(`${router} · ${coordination}`, values, { router, coordination }),
  ),
);

describe('axisEffects', () => {
  it('averages over the other axes within a seed, then tests seeds', () => {
    const { effects } = summarise(plainResults(trials));
    expect(effects.map(({ axis, value, reference, settings }) => [axis, value, reference, settings])).toEqual([
      ['router', 'graph', 'linear', 2],
      ['coordination', 'poisson', 'none', 2],
    ]);
    const perSeed = [0, 1, 2, 3].map((s) => {
      const none = accuracy.graph.none[s]! - accuracy.linear.none[s]!;
      return (none + accuracy.graph.poisson[s]! - accuracy.linear.poisson[s]!) / 2;
    });
    const [router, coordination] = effects;
    expect(router!.difference).toBeCloseTo(perSeed.reduce((a, b) => a + b) / 4, 12);
    expect(router!.p).toBeCloseTo(pairedTTest(perSeed)!.p, 12);
    expect(router!.pHolm).toBeCloseTo(2 * router!.p!, 12);
    expect(router!.verdict).toBe('better');
    expect(coordination!.verdict).toBe('no evidence');
  });

  it('says the shown ones in the headline', () => {
    expect(summarise(plainResults(trials)).headline[0]).toMatch(
      /Averaged over 2 settings of the rest, router graph rather than linear gives \+4\.[78] points \[\+4\.3, \+5\.2\] over 4 seeds/,
    );
  });

  it('leaves out seeds that lack a trial, and is silent where there is no grid', () => {
    const { effects } = summarise(plainResults(trials.filter(({ arm, seed }) => arm !== 'graph · none' || seed > 0)));
    expect(effects[0]!.seeds).toEqual([1, 2, 3]);
    expect(summarise(plainResults(armTrials('a', [1, 0.5], { x: 'a' }))).effects).toEqual([]);
  });
});
