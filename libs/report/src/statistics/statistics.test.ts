import { readFileSync } from 'node:fs';
import { RandomKey } from '@gmoe/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bcaInterval,
  bootstrapInterval,
  cohensDz,
  detectableDz,
  hedgesG,
  holm,
  mcNemarTest,
  mean,
  noncentralTCdf,
  optionProbabilities,
  pairedBootstrap,
  pairedTPower,
  pairedTTest,
  pairwiseAgreement,
  percentileInterval,
  probabilityOfSuperiority,
  reliability,
  sampleStd,
  seedsNeeded,
  signTest,
  smallestSignP,
  stdInterval,
  tInterval,
  varianceShares,
  wilcoxonSignedRank,
} from './index.js';

/** From SciPy and statsmodels, by tools/goldens/statistics.py. */
const golden = JSON.parse(readFileSync(new URL('../testing/statistics.golden.json', import.meta.url), 'utf8')) as {
  describe: {
    values: number[];
    mean: number;
    std: number;
    t: Record<string, [number, number]>;
    chi2: Record<string, [number, number]>;
  }[];
  paired: {
    differences: number[];
    t: number;
    p: number;
    interval: [number, number];
    sign: number;
    wilcoxonStatistic: number;
    wilcoxon: number;
    dz: number;
  }[];
  hedges: { first: number[]; second: number[]; g: number; superiority: number }[];
  mcnemar: { b: number; c: number; exact: number }[];
  holm: { p: number[]; adjusted: number[] };
  bootstrap: {
    statistic: 'mean' | 'std';
    method: 'percentile' | 'bca';
    values: number[];
    observed: number;
    replicates: number[];
    jackknife: number[];
    low: number;
    high: number;
  }[];
  power: {
    power: { dz: number; n: number; power: number }[];
    needed: { dz: number; n: number }[];
    detectable: { n: number; dz: number }[];
    nct: { t: number; df: number; delta: number; cdf: number }[];
  };
  anova: {
    rows: [string, string, number][];
    router: number;
    coordination: number;
    interactions: number;
    seeds: number;
    routerCorrected: number;
    coordinationCorrected: number;
  };
};

function expectClose(actual: number | undefined, expected: number, relative = 1e-9, absolute = 1e-13): void {
  expect(actual).toBeDefined();
  expect(Math.abs(actual! - expected), `${actual} against ${expected}`).toBeLessThanOrEqual(
    absolute + relative * Math.abs(expected),
  );
}

describe('mean, std and their intervals, against SciPy', () => {
  it.each(golden.describe)('$values.length values', (expected) => {
    expectClose(mean(expected.values), expected.mean);
    expectClose(sampleStd(expected.values), expected.std);
    for (const level of ['0.9', '0.95', '0.99']) {
      const t = tInterval(expected.values, Number(level))!;
      expectClose(t.low, expected.t[level]![0]);
      expectClose(t.high, expected.t[level]![1]);
      const std = stdInterval(expected.values, Number(level))!;
      expectClose(std.low, expected.chi2[level]![0]);
      expectClose(std.high, expected.chi2[level]![1]);
    }
  });

  it('one value has no interval', () => {
    expect(tInterval([1])).toBeUndefined();
    expect(stdInterval([1])).toBeUndefined();
    expect(() => tInterval([1, 2], 95)).toThrow('level: 95 is not between 0 and 1');
  });
});

describe('paired tests, against SciPy', () => {
  it.each(golden.paired)('$differences.length differences', (expected) => {
    const t = pairedTTest(expected.differences)!;
    expectClose(t.t, expected.t);
    expectClose(t.p, expected.p);
    expectClose(t.interval.low, expected.interval[0]);
    expectClose(t.interval.high, expected.interval[1]);
    expectClose(signTest(expected.differences).p, expected.sign);
    const ranks = wilcoxonSignedRank(expected.differences);
    expectClose(ranks.statistic, expected.wilcoxonStatistic);
    expectClose(ranks.p, expected.wilcoxon);
    expect(ranks.method).toBe(expected.differences.length > 50 ? 'normal' : 'exact');
    expectClose(cohensDz(expected.differences), expected.dz);
  });

  it('Student’s sleep data (Biometrika 1908; values as R prints them)', () => {
    const t = pairedTTest([-1.2, -2.4, -1.3, -1.3, 0, -1, -1.8, -0.8, -4.6, -1.4])!;
    expect(t.t).toBeCloseTo(-4.0621, 4);
    expect(t.degreesOfFreedom).toBe(9);
    expect(t.p).toBeCloseTo(0.002833, 6);
    expect(t.interval.low).toBeCloseTo(-2.4598858, 7);
    expect(t.interval.high).toBeCloseTo(-0.7001142, 7);
  });

  it('depression scores (Hollander and Wolfe 1973, table 3.1): V = 40, one-sided p = 0.01953', () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    const test = wilcoxonSignedRank(before.map((value, i) => value - after[i]!));
    expect(test.statistic).toBe(40);
    expect(test.p / 2).toBeCloseTo(0.01953, 5);
  });

  it('five seeds cannot bring a sign or signed-rank test below 0.0625', () => {
    const clear = [9, 8, 7, 6, 5];
    expect(smallestSignP(5)).toBe(0.0625);
    expectClose(signTest(clear).p, 0.0625);
    expectClose(wilcoxonSignedRank(clear).p, 0.0625);
  });

  it('differences of 0 are no evidence', () => {
    expect(pairedTTest([0, 0, 0])!.p).toBe(1);
    expect(signTest([0, 0]).p).toBe(1);
    expect(wilcoxonSignedRank([0, 0]).p).toBe(1);
    expect(cohensDz([0, 0])).toBeUndefined();
  });
});

describe('McNemar’s test', () => {
  it.each(golden.mcnemar)('exact p of $b against $c, as statsmodels', ({ b, c, exact }) => {
    expectClose(mcNemarTest(b, c).exactP, exact);
  });

  it('airway hyper-responsiveness (Fagerland et al. 2013, table 1): exact 0.070, mid-p 0.039', () => {
    const test = mcNemarTest(1, 7);
    expectClose(test.exactP, 18 / 256);
    expectClose(test.midP, 10 / 256);
  });

  it('equal counts and none', () => {
    expectClose(mcNemarTest(1, 1).midP, 0.75); // 1 - P(1 of 2) / 2
    expect(mcNemarTest(0, 0)).toMatchObject({ exactP: 1, midP: 1 });
  });
});

describe('bootstrap', () => {
  it.each(golden.bootstrap)('$method of the $statistic on SciPy’s replicates', (expected) => {
    const interval =
      expected.method === 'bca'
        ? bcaInterval(expected.replicates, expected.observed, expected.jackknife, 0.9)
        : percentileInterval(expected.replicates, 0.9);
    expectClose(interval.low, expected.low, 1e-7);
    expectClose(interval.high, expected.high, 1e-7);
  });

  it('spatial test data (Efron and Tibshirani 1993, table 14.2): variance 171.5, BCa 90 % 115.8 to 259.6', () => {
    const scores = [
      48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41,
    ];
    const variance = (x: readonly number[]) => mean(x.map((v) => v * v)) - mean(x) ** 2;
    expect(variance(scores)).toBeCloseTo(171.5, 1);
    const options = { key: RandomKey.fromSeed(1), resamples: 8000, level: 0.9, statistic: variance };
    // Theirs come from 2000 resamples: the Monte Carlo error of such a bound is about 2.
    const bca = bootstrapInterval(scores, options)!;
    expect(Math.abs(bca.low - 115.8)).toBeLessThan(4);
    expect(Math.abs(bca.high - 259.6)).toBeLessThan(8);
    const percentile = bootstrapInterval(scores, { ...options, method: 'percentile' })!;
    expect(Math.abs(percentile.low - 100.8)).toBeLessThan(4);
    expect(Math.abs(percentile.high - 233.9)).toBeLessThan(5);
  });

  it('draws the same for the same key, and degenerates without error', () => {
    const key = RandomKey.fromSeed(3);
    const values = [0.1, 0.5, 0.4, 0.9, 0.3];
    expect(bootstrapInterval(values, { key })).toEqual(bootstrapInterval(values, { key }));
    expect(bootstrapInterval(values, { key })).not.toEqual(bootstrapInterval(values, { key: key.fold(1) }));
    expect(bootstrapInterval([2, 2, 2], { key })).toMatchObject({ low: 2, high: 2 });
    expect(bootstrapInterval([2], { key })).toBeUndefined();
  });
});

describe('pairedBootstrap', () => {
  const key = RandomKey.fromSeed(5);
  const example = (i: number) => (i % 10 < 3 ? 1 : i % 10 < 4 ? -1 : 0);
  const one = Array.from({ length: 400 }, (_, i) => example(i));

  it('has the standard error of the mean for one seed', () => {
    const result = pairedBootstrap([one], { key, resamples: 4000 })!;
    expectClose(result.difference, 0.2);
    const standardError = Math.sqrt((0.4 - 0.2 ** 2) / 400);
    expect(result.interval.high - result.interval.low).toBeGreaterThan(0.94 * 2 * 1.96 * standardError);
    expect(result.interval.high - result.interval.low).toBeLessThan(1.06 * 2 * 1.96 * standardError);
    expect(result.p).toBe(1 / 4000);
  });

  it('is not fooled by the same answers counted once per seed', () => {
    const once = pairedBootstrap([one], { key })!;
    const five = pairedBootstrap([one, one, one, one, one], { key })!;
    expectClose(five.interval.low, once.interval.low);
    expectClose(five.interval.high, once.interval.high);
  });

  it('widens when seeds disagree and are drawn anew too', () => {
    const up = one.map(() => 1);
    const down = one.map(() => -1);
    const fixed = pairedBootstrap([up, down, up], { key })!;
    expect(fixed.interval).toMatchObject({ low: expect.closeTo(1 / 3, 12), high: expect.closeTo(1 / 3, 12) });
    const anew = pairedBootstrap([up, down, up], { key, over: 'seeds-and-examples' })!;
    expectClose(anew.interval.low, -1);
    expectClose(anew.interval.high, 1);
    // P(mean < 0) = P(at least two of three draws are the middle one) = 7/27
    expect(Math.abs(anew.p - 14 / 27)).toBeLessThan(0.06);
  });

  it('refuses rows of different length', () => {
    expect(() => pairedBootstrap([[1, 0], [1]], { key })).toThrow(RangeError);
  });
});

describe('Holm’s correction', () => {
  it('as statsmodels', () => {
    holm(golden.holm.p).forEach((p, i) => expectClose(p, golden.holm.adjusted[i]!));
  });

  it('leaves out what was not tested, keeps the order of p, never lowers one', () => {
    expect(holm([0.01, undefined, 0.04])).toEqual([0.02, undefined, 0.04]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (ps) => {
        const adjusted = holm(ps);
        ps.forEach((p, i) => {
          expect(adjusted[i]!).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]!).toBeLessThanOrEqual(Math.min(1, ps.length * p));
          ps.forEach((q, j) => p < q && expect(adjusted[i]!).toBeLessThanOrEqual(adjusted[j]!));
        });
      }),
    );
  });
});

describe('effect sizes', () => {
  it.each(golden.hedges)('Hedges’ g and superiority as NumPy and SciPy', ({ first, second, g, superiority }) => {
    expectClose(hedgesG(first, second), g);
    expectClose(probabilityOfSuperiority(first, second), superiority);
  });
});

describe('power of the paired t test, against statsmodels', () => {
  it('noncentral t', () => {
    for (const { t, df, delta, cdf } of golden.power.nct) expectClose(noncentralTCdf(t, df, delta), cdf, 1e-9, 1e-11);
  });

  it('power', () => {
    for (const { dz, n, power } of golden.power.power) {
      if (Number.isFinite(power)) expectClose(pairedTPower(dz, n), power, 1e-8, 1e-10);
    }
  });

  it('seeds needed, detectable effect', () => {
    for (const { dz, n } of golden.power.needed) expect(seedsNeeded(dz), `d_z ${dz}`).toBe(n);
    for (const { n, dz } of golden.power.detectable) expectClose(detectableDz(n), dz, 1e-8);
    expect(seedsNeeded(0)).toBeUndefined();
    expect(seedsNeeded(-0.5)).toBe(seedsNeeded(0.5));
    expect(seedsNeeded(0.5)).toBe(34); // as in G*Power’s manual: d_z 0.5, power 0.8, two tails
    expectClose(pairedTPower(detectableDz(2)!, 2), 0.8, 1e-8);
  });
});

describe('varianceShares', () => {
  const { rows, ...expected } = golden.anova;

  it('as a two-way analysis of variance by statsmodels', () => {
    const shares = varianceShares(
      rows.map(([router, coordination, value]) => ({ axes: { router, coordination }, value })),
    )!;
    const of = (axis: string) => shares.axes.find((one) => one.axis === axis)!;
    expectClose(of('router').share, expected.router);
    expectClose(of('coordination').share, expected.coordination);
    expectClose(shares.interactions!, expected.interactions, 1e-8);
    expectClose(shares.seeds, expected.seeds);
    expectClose(of('router').corrected, expected.routerCorrected);
    expectClose(of('coordination').corrected, expected.coordinationCorrected);
    expect(shares.balanced).toBe(true);
  });

  it('says when shares cannot add up', () => {
    const shares = varianceShares(
      rows.slice(1).map(([router, coordination, value]) => ({ axes: { router, coordination }, value })),
    )!;
    expect(shares).toMatchObject({ balanced: false, interactions: undefined });
    expect(varianceShares([{ axes: { a: 'x' }, value: 1 }])).toBeUndefined();
  });
});

describe('reliability', () => {
  it('a hand-made case', () => {
    const answers = [
      { confidence: 0.95, correct: true },
      { confidence: 0.91, correct: false },
      { confidence: 0.3, correct: true },
      { confidence: 0.25, correct: false },
    ];
    const result = reliability(answers, 10);
    expect(result.bins.map(({ low, count, accuracy }) => [low, count, accuracy])).toEqual([
      [0.2, 2, 0.5],
      [0.9, 2, 0.5],
    ]);
    expectClose(result.ece, 0.5 * Math.abs(0.5 - 0.275) + 0.5 * Math.abs(0.5 - 0.93));
  });

  it('takes probabilities as they are and logits through softmax', () => {
    expect(optionProbabilities([0.25, 0.75])).toEqual([0.25, 0.75]);
    const [a, b] = optionProbabilities([1000, 1000 + Math.log(3)]);
    expectClose(a, 0.25);
    expectClose(b, 0.75);
  });
});

describe('pairwiseAgreement', () => {
  it('mean over pairs', () => {
    expectClose(
      pairwiseAgreement([
        [1, 2, 3, 0],
        [1, 2, 0, 0],
        [1, 0, 3, 0],
      ]),
      (3 + 3 + 2) / 12,
    );
    expect(pairwiseAgreement([[1, 2]])).toBeUndefined();
  });
});
