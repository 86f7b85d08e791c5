import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { guardStore, StoreError } from './store-error.js';

/**
 * Replaces a file as a whole: readers see the old or the new content, also after a crash of the process.
 *
 * @param durably whether it must also outlive a crash of the machine from now on; that takes milliseconds
 */
export function writeWhole(file: string, text: string, durably = true): void {
  const temporary = join(dirname(file), `.tmp-${randomBytes(6).toString('hex')}`);
  guardStore(file, () => {
    try {
      writeNew(temporary, text, durably);
      renameSync(temporary, file);
    } catch (error) {
      removeFile(temporary);
      throw error;
    }
  });
}

export function writeJson(file: string, value: unknown, durably = true): void {
  writeWhole(file, `${JSON.stringify(value, null, 2)}\n`, durably);
}

function writeNew(file: string, text: string, durably: boolean): void {
  const descriptor = openSync(file, 'wx');
  try {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
    if (durably) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Gives a file a second name that must be free. False if the name was taken: somebody else came first. */
export function linkExclusively(file: string, name: string): boolean {
  return guardStore(name, () => {
    try {
      linkSync(file, name);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

/** The text of a file, undefined if there is none. */
export function readText(file: string): string | undefined {
  return guardStore(file, () => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
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
    value = JSON.parse(text);
  } catch {
    throw new StoreError(`${file}: is damaged: not valid JSON; the attempts beside it are kept`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = issue.path.join('.');
  if (field === 'formatVersion') {
    const version = JSON.stringify((value as { formatVersion?: unknown }).formatVersion);
    throw new StoreError(`${file}: formatVersion: written by another version of this program (got ${version})`);
  }
  throw new StoreError(`${file}: is damaged: ${field}: ${issue.message}; the attempts beside it are kept`);
}

/** Removes a file if it is there. */
export function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Makes a folder and those above it. (Node's own recursion does not return where the system answers ENOENT, as /proc does.) */
export function makeFolder(folder: string): void {
  guardStore(folder, () => makeMissing(resolve(folder)));
}

function makeMissing(folder: string): void {
  if (existsSync(folder)) return;
  makeMissing(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
