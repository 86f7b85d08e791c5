import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { UserError } from '@gmoe/core';

/** The data folder's place in the workspace, which is also where it is found from a bundled app. */
const DATA_PATH = join('libs', 'datasets', 'data');

/**
 * The folder of the bundled data sets: `GMOE_DATA` if set, else `libs/datasets/data` of the workspace this code is in.
 * @throws UserError if there is none
 */
export function bundledDataDir(): string {
  const override = process.env['GMOE_DATA'];
  if (override) return override;
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, DATA_PATH);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) {
      throw new UserError(
        `bundled data: no ${DATA_PATH} above ${fileURLToPath(import.meta.url)}; set GMOE_DATA to its path`,
      );
    }
  }
}

/** The text of a bundled gzip file. @throws UserError if it is missing or damaged */
export function readBundledText(...path: string[]): string {
  const file = join(bundledDataDir(), ...path);
  try {
    return gunzipSync(readFileSync(file)).toString('utf8');
  } catch (error) {
    throw new UserError(`${file}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
