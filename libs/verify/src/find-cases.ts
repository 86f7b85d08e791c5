import { readdir } from 'node:fs/promises';
import { messageOf, UserError } from '@gmoe/core';

/**
 * Names of the cases in a folder, sorted: every `NAME.json` and `NAME.safetensors`, also where one of the two is missing.
 *
 * @throws UserError if the folder cannot be read or holds none
 */
export async function findCases(folder: string): Promise<string[]> {
  let files: string[];
  try {
    files = await readdir(folder);
  } catch (error) {
    throw new UserError(`${folder}: is no folder that can be read (${messageOf(error)})`, { cause: error });
  }
  const endings = /\.(json|safetensors)$/;
  const names = new Set(files.filter((file) => endings.test(file)).map((file) => file.replace(endings, '')));
  if (names.size === 0) {
    throw new UserError(`${folder}: holds no golden case (NAME.json beside NAME.safetensors)`);
  }
  return [...names].sort();
}
