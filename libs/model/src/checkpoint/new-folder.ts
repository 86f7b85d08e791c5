import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, syncFolder, syncTree, UserError } from '@gmoe/core';

/**
 * Makes a folder as a whole or not at all: `write` fills a draft beside it, which takes its name once it is complete.
 * @throws UserError if there is something of this name already, other than an empty folder
 */
export async function writeNewFolder<Result>(dir: string, write: (draft: string) => Promise<Result>): Promise<Result> {
  const target = resolve(dir);
  await refuseContent(target, dir);
  const parent = dirname(target);
  const draft = join(parent, `.${basename(target)}.${randomUUID()}.tmp`);
  let firstMade: string | undefined;
  try {
    firstMade = await mkdir(parent, { recursive: true });
    await mkdir(draft);
  } catch (error) {
    throw new UserError(`${dir}: cannot be made: ${messageOf(error)}`, { cause: error });
  }
  try {
    const result = await write(draft);
    // Where a folder cannot be renamed over an empty one.
    await rmdir(target).catch(() => undefined);
    syncTree(draft);
    await rename(draft, target);
    syncFolder(parent);
    return result;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    await removeMade(parent, firstMade);
    throw error;
  }
}

async function refuseContent(target: string, dir: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new UserError(`${dir}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
  if (names.length > 0) throw new UserError(`${dir}: is not empty; name a new folder`);
}

/** Removes the folders from `last` up to `first` that are still empty. */
async function removeMade(last: string, first: string | undefined): Promise<void> {
  if (first === undefined) return;
  for (let folder = last; ; folder = dirname(folder)) {
    const gone = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!gone || folder === first || folder === dirname(folder)) return;
  }
}
