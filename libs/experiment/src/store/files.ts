import { existsSync, unlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  errnoName,
  linkExclusively as link,
  makeSubfolder,
  parseJson,
  readRegularFile,
  syncFolder,
  UserError,
  writeWhole,
  type WriteOptions,
} from '@gmoe/core';
import type { z } from 'zod';
import { guardStore, StoreError } from './store-error.js';

/** Replaces a JSON file as a whole. */
export function writeJson(file: string, value: unknown, options?: WriteOptions): void {
  guardStore(file, () => writeWhole(file, `${JSON.stringify(value, null, 2)}\n`, options));
}

/** Gives a file a second name that must be free. False if the name was taken: somebody else came first. */
export function linkExclusively(file: string, name: string): boolean {
  return guardStore(name, () => link(file, name));
}

/** More than the plan of a hundred thousand trials, bytes. */
const MOST_BYTES = 200_000_000;

/** The text of a file, undefined if there is none. */
export function readText(file: string): string | undefined {
  return guardStore(file, () => {
    try {
      return readRegularFile(file, MOST_BYTES).toString('utf8');
    } catch (error) {
      if (error instanceof UserError) throw new StoreError(error.message, { cause: error });
      const name = errnoName(error);
      if (name === 'ENOENT' || name === 'ENOTDIR') return undefined;
      throw error;
    }
  });
}

/**
 * A file's content, checked. Undefined if there is no file.
 *
 * @throws StoreError if it is damaged, or of a format version that this program does not know.
 */
export function readJson<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new StoreError(`${file}: is damaged: not valid JSON; the attempts beside it are kept`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = issue.path.join('.');
  if (field === 'formatVersion') {
    const version = JSON.stringify((value as { formatVersion?: unknown } | null)?.formatVersion);
    throw new StoreError(`${file}: formatVersion: written by another version of this program (got ${version})`);
  }
  throw new StoreError(`${file}: is damaged: ${field}: ${issue.message}; the attempts beside it are kept`);
}

/** Removes a file if it is there. */
export function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (errnoName(error) !== 'ENOENT') throw error;
  }
}

/**
 * Makes a folder and those above it, durably. (Node's own recursion does not return where the system answers ENOENT, as /proc
 * does.)
 */
export function makeFolder(folder: string): void {
  guardStore(folder, () => makeMissing(resolve(folder)));
}

function makeMissing(folder: string): void {
  if (existsSync(folder)) return;
  makeMissing(dirname(folder));
  makeSubfolder(folder);
  syncFolder(dirname(folder));
}

/**
 * Makes folders below one that must be there, and returns the last. A store that vanished for a while (unmounted, moved)
 * must not be made anew beside itself.
 */
export function makeFolderIn(existing: string, ...names: readonly string[]): string {
  return guardStore(existing, () => {
    let folder = existing;
    for (const name of names) folder = makeSubfolder(join(folder, name));
    return folder;
  });
}
