import { UserError } from '@gmoe/core';

const START = 'version https://git-lfs.github.com/spec/';

/** Refuses what a clone without Git LFS has in place of a large file. @param start the file's first bytes as text */
export function refuseLfsPointer(start: string, path: string): void {
  if (!START.startsWith(start.slice(0, START.length)) || start.length < 8) return;
  throw new UserError(
    `${path}: is a Git LFS pointer, not the file itself: run git lfs pull in its folder, or fetch the model with gmoe pull`,
  );
}
