import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoName } from '../system/errno.js';

/*
 * A file outlives a power cut only if three things happened in this order: its content was synced, then it got its name,
 * then the folder that holds the name was synced. Everything that a later run relies on is written here.
 */

export interface WriteOptions {
  /**
   * Whether the file must also outlive a cut of the power from now on (milliseconds). Without it readers still see the old
   * or the new content, whatever happens to the process. Default true.
   */
  readonly durably?: boolean;
}

/** Replaces a file as a whole: readers see the old or the new content, never a part. */
export function writeWhole(file: string, content: string | Uint8Array, { durably = true }: WriteOptions = {}): void {
  const temporary = temporaryBeside(file);
  try {
    writeNew(temporary, content, durably);
    renameSync(temporary, file);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  if (durably) syncFolder(dirname(file));
}

/** The same for content that is written piece by piece; always durable. */
export async function writeWholeFrom(file: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const temporary = temporaryBeside(file);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(file));
}

/**
 * Gives a file a second name that must be free, durably. The file's content must have been synced.
 *
 * @returns false if the name was taken: somebody else came first
 */
export function linkExclusively(file: string, name: string): boolean {
  try {
    linkSync(file, name);
  } catch (error) {
    if (errnoName(error) !== 'EEXIST') throw error;
    return false;
  }
  syncFolder(dirname(name));
  return true;
}

/** Gives a file or folder another name, durably; what it holds must have been synced. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) syncFolder(dirname(from));
}

/** Puts everything below a folder on the disk: the content of its files, and their names. Links are not followed. */
export function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else if (entry.isFile()) syncFile(path);
  }
  syncFolder(folder);
}

/** Puts a file's content on the disk. */
export function syncFile(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** What some file systems (and Windows) say where a folder cannot be synced at all. */
const CANNOT_SYNC_FOLDERS = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EACCES', 'ENOSYS', 'EBADF']);

/** Puts the names in a folder on the disk. */
export function syncFolder(folder: string): void {
  try {
    syncFile(folder);
  } catch (error) {
    if (!CANNOT_SYNC_FOLDERS.has(errnoName(error) ?? '')) throw error;
  }
}

/** Writes all of a file that must not be there yet. */
function writeNew(file: string, content: string | Uint8Array, durably: boolean): void {
  const descriptor = openSync(file, 'wx');
  try {
    writeAll(descriptor, typeof content === 'string' ? Buffer.from(content) : content);
    if (durably) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes all bytes, however many the system takes at a time. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
}

const TEMPORARY = /^\.tmp-[0-9a-f]{12}-/;

function temporaryBeside(file: string): string {
  return join(dirname(file), `.tmp-${randomBytes(6).toString('hex')}-${basename(file).slice(0, 64)}`);
}

/** Whether a name is that of a file that a crash left half written. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

function removeQuietly(file: string): void {
  try {
    if (lstatSync(file).isFile()) unlinkSync(file);
  } catch {
    // What went wrong before is what matters.
  }
}
