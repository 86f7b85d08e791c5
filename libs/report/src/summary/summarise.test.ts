import { describe, expect, it } from 'vitest';
import { armTrials, plainResults } from '../testing/results.js';
import { summarise } from './summarise.js';

const baseline = {
  formatVersion: 1 as const,
  key: 'k',
  task: 'topics',
  base: 'bundled',
  metrics: { 'eval/accuracy': 0.3 },
  chance: 0.25,
  majority: 0.27,
};

describe('summarise', () => {
  it('describes arms, marks the best, compares with the first', () => {
    const summary = summarise(
      plainResults([
        ...armTrials('linear', [0.5, 0.52, 0.51, 0.49, 0.53]),
        ...armTrials('graph', [0.56, 0.59, 0.57, 0.56, 0.6]),
        ...armTrials('tied', [0.51, 0.51, 0.52, 0.48, 0.54]),
      ]),
    );
    const [linear, graph] = summary.arms;
    expect(linear!.metrics['accuracy']).toMatchObject({ n: 5, mean: expect.closeTo(0.51, 12) });
    expect(linear!.metrics['accuracy']!.std).toBeCloseTo(Math.sqrt(0.00025), 12);
    expect(summary.arms.map(({ best }) => best)).toEqual([false, true, false]);
    expect(linear!.metrics['accuracy']!.bootstrap!.low).toBeGreaterThan(0.49);
    expect(graph!.metrics['accuracy']!.values.map(({ seed }) => seed)).toEqual([0, 1, 2, 3, 4]);
    const [better, equal] = summary.comparisons;
    // Differences 0.06 0.07 0.06 0.07 0.07: mean 0.066, std 0.005477, t = 26.94 with 4 degrees of freedom.
    expect(better).toMatchObject({ arm: 'graph', reference: 'linear', verdict: 'better', test: 'paired t' });
    expect(better!.difference).toBeCloseTo(0.066, 12);
    expect(better!.p).toBeCloseTo(1.1275e-5, 8);
    expect(better!.pHolm).toBeCloseTo(2 * better!.p!, 12);
    expect(better!.wording).toContain('evidence that it is better than linear');
    expect(equal).toMatchObject({ verdict: 'no evidence' });
    expect(equal!.wording).toContain('no evidence of a difference, which is not evidence that they are equal');
    expect(summary.headline[0]).toMatch(/^graph has the highest mean accuracy: 57.6 ± 1.8 % .*\+6.6 points/);
    expect(summary.notes.join(' ')).toContain('can go below p = 0.0625');
  });

  it('calls a difference that correction takes away suggestive', () => {
    const arms = ['a', 'b', 'c', 'd'].flatMap((arm) => armTrials(arm, [0.5, 0.51, 0.49, 0.5]));
    const near = armTrials('near', [0.54, 0.52, 0.505, 0.53]);
    const comparison = summarise(plainResults([...arms, ...near])).comparisons.at(-1)!;
    expect(comparison.p!).toBeLessThan(0.05);
    expect(comparison.pHolm!).toBeGreaterThan(0.05);
    expect(comparison.verdict).toBe('suggestive');
    expect(comparison.wording).toMatch(/suggestive, not shown – p = 0\.0\d+ taken alone/);
  });

  it('does not take two equal differences for certainty', () => {
    const summary = summarise(plainResults([...armTrials('a', [0.5, 0.6]), ...armTrials('b', [0.55, 0.65])]));
    expect(summary.comparisons[0]).toMatchObject({ test: 'sign', p: 0.5, interval: null, verdict: 'no evidence' });
  });

  it('says nothing about chance from one seed', () => {
    const summary = summarise(plainResults([...armTrials('a', [0.5]), ...armTrials('b', [0.7])]));
    expect(summary.comparisons[0]).toMatchObject({ verdict: 'too few seeds', p: null, pHolm: null });
    expect(summary.comparisons[0]!.wording).toMatch(/\+20.0 points on one seed: no statement about chance/);
    expect(summary.arms[0]!.metrics['accuracy']).toMatchObject({ std: null, interval: null });
  });

  it('pairs by seed, and by example within seeds', () => {
    const answers = (right: number) => Array.from({ length: 50 }, (_, i) => i < right);
    const trial = (arm: string, seed: number, right: number) => ({
      arm,
      seed,
      accuracy: right / 50,
      answers: answers(right),
    });
    const summary = summarise(
      plainResults([trial('a', 0, 20), trial('a', 1, 22), trial('b', 1, 30), trial('b', 0, 27), trial('b', 2, 50)]),
    );
    const comparison = summary.comparisons[0]!;
    expect(comparison.seeds).toEqual([0, 1]);
    expect(comparison.difference).toBeCloseTo(0.15, 12);
    expect(comparison.examples!.bootstrap).toMatchObject({
      seeds: 2,
      examples: 50,
      difference: expect.closeTo(0.15, 12),
    });
    expect(
      comparison.examples!.mcNemar.map(({ seed, onlyFirst, onlySecond }) => [seed, onlyFirst, onlySecond]),
    ).toEqual([
      [0, 7, 0],
      [1, 8, 0],
    ]);
    expect(summary.arms[0]!.agreement).toBeCloseTo(48 / 50, 12);
    expect(summary.notes.join(' ')).toContain('differ in the number of finished seeds');
  });

  it('compares only within a task, and each with its own baseline', () => {
    const axes = (task: string, router: string) => ({ task, router });
    const summary = summarise(
      plainResults(
        ['topics', 'boolq'].flatMap((task) =>
          ['linear', 'graph'].flatMap((router, r) =>
            armTrials(`${task} · ${router}`, [0.5 + 0.1 * r, 0.52 + 0.1 * r, 0.51 + 0.09 * r], axes(task, router)),
          ),
        ),
        { baselines: [baseline, { ...baseline, task: 'boolq', chance: 0.5 }] },
      ),
      { reference: 'topics · graph' },
    );
    expect(summary.contexts).toEqual(['topics', 'boolq']);
    expect(summary.comparisons.map(({ arm, reference }) => [arm, reference])).toEqual([
      ['topics · linear', 'topics · graph'],
      ['boolq · linear', 'boolq · graph'],
    ]);
    expect(summary.comparisons[0]!.verdict).toBe('worse');
    expect(summary.baselines.filter(({ kind }) => kind === 'chance').map(({ value }) => value)).toEqual([0.25, 0.5]);
    expect(summary.arms.filter(({ best }) => best).map(({ arm }) => arm)).toEqual(['topics · graph', 'boolq · graph']);
    expect(summary.headline).toHaveLength(2);
    expect(summary.importance[0]!.axes.map(({ axis }) => axis)).toEqual(['router']);
  });

  it('takes lower for better where it is', () => {
    const loss = (arm: string, values: number[]) =>
      values.map((value, seed) => ({ arm, seed, metrics: { 'eval/loss': value } }));
    const summary = summarise(plainResults([...loss('a', [1.2, 1.21, 1.19]), ...loss('b', [1.0, 1.01, 0.98])]), {
      metric: 'eval/loss',
    });
    expect(summary.primary.id).toBe('loss');
    expect(summary.arms.map(({ best }) => best)).toEqual([false, true]);
    expect(summary.comparisons[0]!.verdict).toBe('better');
    expect(summary.headline[0]).toContain('lowest mean test loss');
  });

  it('refuses an unknown reference, metric or option in one line', () => {
    const results = plainResults(armTrials('a', [0.5, 0.6]));
    expect(() => summarise(results, { reference: 'b' })).toThrow("reference: no arm is named 'b'; arms: a");
    expect(() => summarise(results, { metric: 'eval/acc' })).toThrow(
      "no trial reported 'eval/acc'; reported: eval/accuracy",
    );
    expect(() => summarise(results, { level: 95 })).toThrow(/report: level: .*got 95/);
  });

  it('is plain JSON, the same twice', () => {
    const results = plainResults([...armTrials('a', [0.5, 0.6, 0.55]), ...armTrials('b', [0.7, 0.6, 0.65])], {
      baselines: [baseline],
    });
    const summary = summarise(results);
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
    expect(summarise(results)).toEqual(summary);
  });

  it('takes no score of the dev split for the test set’s', () => {
    const results = plainResults([{ arm: 'a', seed: 0, metrics: { 'model/trainable_parameters': 7 } }]);
    const event = { time: 0, type: 'eval' as const, step: 9, metrics: { 'eval/loss': 1, 'routing/entropy': 0.9 } };
    const { metrics } = summarise(
      { ...results, trials: results.trials.map((t) => ({ ...t, events: [event] })) },
      {
        metric: 'entropy',
      },
    ).arms[0]!;
    expect(metrics['entropy']!.mean).toBe(0.9);
    expect(metrics['trainableParameters']!.mean).toBe(7);
    expect(metrics['loss']).toBeUndefined();
  });

  it('survives a sweep without any result', () => {
    const summary = summarise(plainResults([{ arm: 'a', seed: 0 }]));
    expect(summary.trials).toEqual({ total: 1, finished: 0, failed: 0, missing: 1 });
    expect(summary.headline).toEqual(['No arm has a finished trial with accuracy.']);
  });

  it('begins the sentence on equal arms with a capital letter', () => {
    const metrics = { 'eval/accuracy': 0.5 };
    const { headline } = summarise(plainResults(['a', 'b'].map((arm) => ({ arm, seed: 0, metrics }))));
    expect(headline).toEqual(['All 2 arms have the same mean accuracy: 50.0 %.']);
  });
});
