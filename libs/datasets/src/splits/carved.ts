import { RandomKey } from '@gmoe/tensor';
import type { Example } from '../example.js';

/** Share of the training file that becomes the dev split, or the test split, where none is published. */
const SHARE = 0.1;

/**
 * Splits a published training file by the examples' ids: where the published dev split serves as test, a tenth becomes the
 * dev split, so that nothing of the test split is used to choose anything; where there is but one file, another tenth is test.
 */
export function carve(examples: readonly Example[], withTest: boolean): Record<'train' | 'dev' | 'test', Example[]> {
  const key = RandomKey.fromSeed(0).fold('carve-dev');
  const parts = { train: [] as Example[], dev: [] as Example[], test: [] as Example[] };
  for (const example of examples) {
    const drawn = key.fold(example.id).uniform([1]).item();
    parts[drawn < SHARE ? 'dev' : withTest && drawn < 2 * SHARE ? 'test' : 'train'].push(example);
  }
  return parts;
}
