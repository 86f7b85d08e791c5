import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeNewFolder } from './new-folder.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gmoe-new-folder-'));
});
afterEach(() => rm(root, { recursive: true }));

const fill = (draft: string) => writeFile(join(draft, 'a.txt'), 'a').then(() => 7);

it('makes the folder and those above it, also over an empty one', async () => {
  expect(await writeNewFolder(join(root, 'x', 'y'), fill)).toBe(7);
  expect(await readdir(join(root, 'x'))).toEqual(['y']);
  expect(await readdir(join(root, 'x', 'y'))).toEqual(['a.txt']);
  await mkdir(join(root, 'empty'));
  await writeNewFolder(join(root, 'empty'), fill);
  expect(await readdir(join(root, 'empty'))).toEqual(['a.txt']);
});

it('leaves nothing behind where writing fails, and what was there as it was', async () => {
  await mkdir(join(root, 'kept'));
  const failing = async (draft: string) => {
    await fill(draft);
    throw new Error('disk full');
  };
  await expect(writeNewFolder(join(root, 'kept', 'p', 'q'), failing)).rejects.toThrow('disk full');
  expect(await readdir(root)).toEqual(['kept']);
  expect(await readdir(join(root, 'kept'))).toEqual([]);
});

it('refuses a folder with something in it, and a place below a file', async () => {
  await writeNewFolder(join(root, 'full'), fill);
  await expect(writeNewFolder(join(root, 'full'), fill)).rejects.toThrow(/full: is not empty; name a new folder/);
  const below = join(root, 'full', 'a.txt', 'b');
  await expect(writeNewFolder(below, fill)).rejects.toThrow(/b: cannot be (made|written): ENOTDIR/);
  expect(await readdir(join(root, 'full'))).toEqual(['a.txt']);
});
