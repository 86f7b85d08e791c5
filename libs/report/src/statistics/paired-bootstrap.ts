import type { RandomKey } from '@gmoe/tensor';
import { indexOf, percentileInterval } from './bootstrap.js';
import { mean } from './describe.js';
import type { Interval } from './interval.js';

export interface PairedBootstrapOptions {
  readonly key: RandomKey;
  readonly resamples?: number;
  readonly level?: number;
  /**
   * What another run of the experiment would draw anew. `examples`: other test examples for these trained models;
   * `seeds-and-examples`: other seeds too (pigeonhole bootstrap, on the safe side).
   */
  readonly over?: 'examples' | 'seeds-and-examples';
}

export interface PairedBootstrap {
  readonly difference: number;
  readonly interval: Interval;
  /** Two-sided: twice the smaller share of resamples on either side of 0 (ties half), at least 1 / resamples. */
  readonly p: number;
  readonly seeds: number;
  readonly examples: number;
}

/**
 * Bootstrap of the mean difference between two arms over the same examples. An example is drawn with the answers of all
 * its seeds: answers of several seeds to one example are not independent.
 * Source: Koehn, EMNLP 2004 (paired bootstrap); Owen, Annals of Applied Statistics 1(2), 2007 (pigeonhole).
 *
 * @param differences one row per seed, one column per example: right by the first minus right by the second
 */
export function pairedBootstrap(
  differences: readonly (readonly number[])[],
  options: PairedBootstrapOptions,
): PairedBootstrap | undefined {
  const { key, resamples = 2000, level = 0.95, over = 'examples' } = options;
  const seeds = differences.length;
  const examples = differences[0]?.length ?? 0;
  if (seeds === 0 || examples < 2) return undefined;
  if (differences.some((row) => row.length !== examples)) throw new RangeError('differences: rows differ in length');
  const weights = new Float64Array(seeds);
  const perExample = new Float64Array(examples);
  const average = () => {
    for (let i = 0; i < examples; i++) {
      let sum = 0;
      for (let s = 0; s < seeds; s++) if (weights[s] !== 0) sum += weights[s]! * differences[s]![i]!;
      perExample[i] = sum / seeds;
    }
  };
  weights.fill(1);
  average();
  const draws = key.fold('resample');
  const replicates = Array.from({ length: resamples }, (_, b) => {
    if (over === 'seeds-and-examples') {
      weights.fill(0);
      for (const word of draws.fold(2 * b).words(seeds)) weights[indexOf(word, seeds)]! += 1;
      average();
    }
    let sum = 0;
    for (const word of draws.fold(2 * b + 1).words(examples)) sum += perExample[indexOf(word, examples)]!;
    return sum / examples;
  });
  const half = replicates.filter((r) => r === 0).length / 2;
  const below = (replicates.filter((r) => r < 0).length + half) / resamples;
  const p = Math.min(1, Math.max(2 * Math.min(below, 1 - below), 1 / resamples));
  const difference = mean(differences.map((row) => mean(row)));
  return { difference, interval: percentileInterval(replicates, level), p, seeds, examples };
}
