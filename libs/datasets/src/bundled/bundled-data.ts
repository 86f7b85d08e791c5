import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { findUpward, messageOf, UserError } from '@gmoe/core';

/**
 * The folder of the bundled data sets: `GMOE_DATA` if set, else `libs/datasets/data` of the workspace this code is in.
 * @throws UserError if there is none
 */
export function bundledDataDir(): string {
  return findUpward(import.meta.url, join('libs', 'datasets', 'data'), 'GMOE_DATA');
}

/** The text of a bundled gzip file. @throws UserError if it is missing or damaged */
export function readBundledText(...path: string[]): string {
  const file = join(bundledDataDir(), ...path);
  try {
    return gunzipSync(readFileSync(file)).toString('utf8');
  } catch (error) {
    throw new UserError(`${file}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
