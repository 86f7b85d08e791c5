import { RandomKey } from '@gmoe/tensor';
import type { Example } from '../example.js';

/** Share of the training file that becomes the dev split where the published dev split serves as test. */
const DEV_SHARE = 0.1;

/**
 * Splits a published training file into train and dev by the examples' ids, for tasks whose test answers are not bundled:
 * their published dev split is the test split here, and nothing of it is used to choose anything.
 */
export function carveDev(examples: readonly Example[]): { readonly train: Example[]; readonly dev: Example[] } {
  const key = RandomKey.fromSeed(0).fold('carve-dev');
  const isDev = examples.map(({ id }) => key.fold(id).uniform([1]).item() < DEV_SHARE);
  return { train: examples.filter((_, i) => !isDev[i]), dev: examples.filter((_, i) => isDev[i]) };
}
