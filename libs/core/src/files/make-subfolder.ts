import { mkdirSync } from 'node:fs';
import { errnoName } from '../system/errno.js';

/**
 * Makes a folder in one that must be there; it may be there already. For whatever lies in a store: one that is away for a while
 * (unmounted, moved) must not be made anew at its place, which a recursive `mkdir` would do.
 *
 * @returns the folder
 * @throws the system's ENOENT if the folder above is away
 */
export function makeSubfolder(folder: string): string {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (errnoName(error) !== 'EEXIST') throw error;
  }
  return folder;
}
