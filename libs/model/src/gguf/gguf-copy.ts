import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, openSync, readSync } from 'node:fs';
import { mkdir, readdir, realpath, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf, UserError } from '@gmoe/core';
import { z } from 'zod';
import { cacheFolder } from '../checkpoint/cache-folder.js';
import { readJsonFile, writeJson } from '../checkpoint/json-file.js';
import { writeNewFolder } from '../checkpoint/new-folder.js';
import { ARCHITECTURES } from './architectures.js';
import { convertGguf } from './convert-gguf.js';

/** Counted up when a conversion gives other files than before. */
const VERSION = 2;
const UNUSED_DAYS = 14;
const DAY = 24 * 60 * 60 * 1000;

/**
 * The model folder of a GGUF file: made at its first use below the cache folder, found again by the file's contents, and
 * shared by every process that reads them, under whatever name.
 * @param cache where copies are kept; default `cacheFolder()`
 * @throws UserError as `convertGguf`, and where the copy cannot be kept
 */
export async function ggufFolder(path: string, cache: string = cacheFolder()): Promise<string> {
  const copies = join(cache, 'gguf');
  const folder = join(copies, `${(await contentDigest(path, copies)).slice(0, 32)}-${VERSION}`);
  const config = join(folder, 'config.json');
  if (!existsSync(config)) {
    try {
      await removeUnused(copies);
      await writeNewFolder(folder, (draft) => convertGguf(path, draft));
    } catch (error) {
      // Another process may have been faster.
      if (!existsSync(config)) throw error instanceof UserError ? error : noCopy(path, copies, error);
    }
  }
  // Its time says when it was last of use.
  await utimes(config, new Date(), (await stat(config)).mtime).catch(() => undefined);
  return folder;
}

function noCopy(path: string, copies: string, error: unknown): UserError {
  return new UserError(
    `${path}: its float32 copy cannot be kept in ${copies} (${messageOf(error)}); GMOE_CACHE names another folder`,
    { cause: error },
  );
}

const digestSchema = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** sha256 of the file. It is kept beside the copies under the file's place, size and times, so that it is read once only. */
async function contentDigest(path: string, copies: string): Promise<string> {
  let version: string;
  try {
    const { size, mtimeMs, ctimeMs, ino, dev } = await stat(path);
    version = JSON.stringify([await realpath(path), size, mtimeMs, ctimeMs, ino, dev]);
  } catch (error) {
    throw new UserError(`${path}: cannot be opened: ${messageOf(error)}`, { cause: error });
  }
  const key = createHash('sha256').update(version).digest('hex').slice(0, 32);
  const record = join(copies, 'digests', `${key}.json`);
  const known = await readJsonFile(record, digestSchema).catch(() => undefined);
  if (known) return known.sha256;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const sha256 = hash.digest('hex');
  await mkdir(join(copies, 'digests'), { recursive: true })
    .then(() => writeJson(record, { sha256 }))
    .catch(() => undefined);
  return sha256;
}

async function removeUnused(copies: string): Promise<void> {
  for (const name of await readdir(copies).catch(() => [])) {
    const found = await stat(join(copies, name, 'config.json')).catch(() => undefined);
    if (found && Date.now() - found.atimeMs > UNUSED_DAYS * DAY) {
      await rm(join(copies, name), { recursive: true, force: true });
    }
  }
}

/** Whether a path names a GGUF file by its ending. */
export function isGgufPath(path: string): boolean {
  return basename(path).toLowerCase().endsWith('.gguf');
}

/** The `model_type` of a GGUF file's architecture, from its first bytes; undefined where it is not found or not known. */
export function ggufModelType(path: string): string | undefined {
  const start = Buffer.alloc(1 << 16);
  const file = openSync(path, 'r');
  try {
    readSync(file, start, 0, start.length, 0);
  } finally {
    closeSync(file);
  }
  const key = Buffer.from('general.architecture');
  const at = start.indexOf(key);
  if (at < 0) return undefined;
  // Behind the key: the value's type, its length, the text.
  const length = start.readUInt32LE(at + key.length + 4);
  const name = start.toString('utf8', at + key.length + 12, at + key.length + 12 + Math.min(length, 64));
  return Object.hasOwn(ARCHITECTURES, name) ? ARCHITECTURES[name]!.modelType : undefined;
}
