import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import { quantileSorted } from '@gmoe/core/statistics';
import type { RandomKey } from '@gmoe/tensor';
import { mean } from './describe.js';
import { assertLevel, type Interval } from './interval.js';

export interface BootstrapOptions {
  readonly key: RandomKey;
  /** Resamples drawn. */
  readonly resamples?: number;
  readonly level?: number;
  /** `percentile`, or `bca`: corrected for bias and for a spread that depends on the value. */
  readonly method?: 'percentile' | 'bca';
  readonly statistic?: (values: readonly number[]) => number;
}

/**
 * Bootstrap interval of a statistic (the mean, unless told).
 * Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 14.
 * @returns undefined below two values.
 */
export function bootstrapInterval(values: readonly number[], options: BootstrapOptions): Interval | undefined {
  const { key, resamples = 2000, level = 0.95, method = 'bca', statistic = mean } = options;
  const n = values.length;
  if (n < 2) return undefined;
  const words = key.fold('bootstrap').words(resamples * n);
  const sample = new Array<number>(n);
  const replicates = Array.from({ length: resamples }, (_, b) => {
    for (let i = 0; i < n; i++) sample[i] = values[indexOf(words[b * n + i]!, n)]!;
    return statistic(sample);
  });
  if (method === 'percentile') return percentileInterval(replicates, level);
  const jackknife = values.map((_, left) => statistic(values.filter((_, i) => i !== left)));
  return bcaInterval(replicates, statistic(values), jackknife, level);
}

/** A 32-bit word as an index below n; the bias, n / 2^32, is far below the Monte Carlo error. */
export function indexOf(word: number, n: number): number {
  return Math.floor((word / 2 ** 32) * n);
}

/** The central `level` share of the replicates. */
export function percentileInterval(replicates: readonly number[], level = 0.95): Interval {
  assertLevel(level);
  const sorted = [...replicates].sort((a, b) => a - b);
  return { low: quantileSorted(sorted, (1 - level) / 2), high: quantileSorted(sorted, (1 + level) / 2), level };
}

/**
 * Bias-corrected and accelerated interval from the replicates, the observed statistic and its leave-one-out values.
 * Falls back to the percentiles where the correction does not exist (all replicates on one side, or no spread).
 */
export function bcaInterval(
  replicates: readonly number[],
  observed: number,
  jackknife: readonly number[],
  level = 0.95,
): Interval {
  assertLevel(level);
  const below = replicates.reduce((sum, r) => sum + (r < observed ? 1 : r === observed ? 0.5 : 0), 0);
  const bias = normalQuantile(below / replicates.length, 0, 1);
  const centre = mean(jackknife);
  const cubes = jackknife.reduce((sum, value) => sum + (centre - value) ** 3, 0);
  const squares = jackknife.reduce((sum, value) => sum + (centre - value) ** 2, 0);
  const acceleration = cubes / (6 * squares ** 1.5);
  if (!Number.isFinite(bias) || !Number.isFinite(acceleration)) return percentileInterval(replicates, level);
  const sorted = [...replicates].sort((a, b) => a - b);
  const bound = (p: number) => {
    const z = bias + normalQuantile(p, 0, 1);
    return quantileSorted(sorted, normalCdf(bias + z / (1 - acceleration * z), 0, 1));
  };
  return { low: bound((1 - level) / 2), high: bound((1 + level) / 2), level };
}
