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

/** Draws by key, for as long as the key lives: comparisons under one key share them, which leaves each as valid and saves time. */
const drawn = new WeakMap<RandomKey, Map<string, Uint16Array>>();

/** How often each of `size` things is drawn, [resamples][size]: each resample draws `size` of them with replacement. */
function resampleCounts(key: RandomKey, what: 'seeds' | 'examples', resamples: number, size: number): Uint16Array {
  const known = drawn.get(key) ?? new Map<string, Uint16Array>();
  drawn.set(key, known);
  const name = `${what} ${resamples} ${size}`;
  const found = known.get(name);
  if (found) return found;
  const counts = new Uint16Array(resamples * size);
  const words = key.fold(`resample ${what}`);
  for (let b = 0; b < resamples; b++) {
    for (const word of words.fold(b).words(size)) counts[b * size + indexOf(word, size)]!++;
  }
  known.set(name, counts);
  return counts;
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
  const rows = differences.map((row) => Float64Array.from(row));
  const chosen = resampleCounts(key, 'examples', resamples, examples);
  const seedCounts = over === 'seeds-and-examples' ? resampleCounts(key, 'seeds', resamples, seeds) : undefined;
  const replicates = Array.from({ length: resamples }, (_, b) => {
    let sum = 0;
    for (let s = 0; s < seeds; s++) {
      const weight = seedCounts ? seedCounts[b * seeds + s]! : 1;
      if (weight === 0) continue;
      const row = rows[s]!;
      let ofSeed = 0;
      for (let i = 0, at = b * examples; i < examples; i++, at++) ofSeed += chosen[at]! * row[i]!;
      sum += weight * ofSeed;
    }
    return sum / (seeds * examples);
  });
  const half = replicates.filter((r) => r === 0).length / 2;
  const below = (replicates.filter((r) => r < 0).length + half) / resamples;
  const p = Math.min(1, Math.max(2 * Math.min(below, 1 - below), 1 / resamples));
  const difference = mean(differences.map((row) => mean(row)));
  return { difference, interval: percentileInterval(replicates, level), p, seeds, examples };
}
