import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { messageOf, UserError } from '@gmoe/core';

/**
 * The text of the first of several files that exists in a folder; `.gz` beside a name is taken too.
 * @throws UserError naming the folder and the names that were looked for
 */
export function readDataFile(
  folder: string,
  names: readonly string[],
): { readonly file: string; readonly text: string } {
  for (const name of names.flatMap((each) => [each, `${each}.gz`])) {
    const file = join(folder, name);
    if (!existsSync(file)) continue;
    try {
      const bytes = readFileSync(file);
      return { file: basename(file), text: (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8') };
    } catch (error) {
      throw new UserError(`${file}: cannot be read: ${messageOf(error)}`, { cause: error });
    }
  }
  throw new UserError(`${folder}: none of these files is there: ${names.join(', ')}`);
}
