import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errnoName, isTemporary } from '@gmoe/core';
import type { FileManifest } from '../records/index.js';

/** What changes after publication, or is nobody's result. */
const PASSING = /^(claim\.|heartbeat$|failure\.json$|result\.json$|checkpoints$|training$|\.)/;
/** Its process may add a last word while it is published; it never gets shorter. */
const GROWING = 'log.txt';

/** Sizes and digests of what an attempt leaves, by path below its folder. */
export function describeFiles(folder: string): FileManifest {
  return Object.fromEntries(
    filesBelow(folder, '')
      .sort()
      .map((path) => {
        const { size } = statSync(join(folder, path));
        return [path, { bytes: size, ...(path === GROWING ? {} : { sha256: digestOf(join(folder, path)) }) }];
      }),
  );
}

function filesBelow(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    if (isTemporary(entry.name) || (prefix === '' && PASSING.test(entry.name))) return [];
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory()) return filesBelow(folder, `${path}/`);
    return entry.isFile() ? [path] : [];
  });
}

/**
 * Compares what is there with what was published: sizes always; digests of files that were changed since (by the file
 * system's own clock), or of all.
 *
 * @param publishedMs when the result was written, as its file says
 * @returns the first difference in words; undefined if there is none
 */
export function differenceOf(
  folder: string,
  manifest: FileManifest,
  publishedMs: number,
  every = false,
): string | undefined {
  for (const [path, { bytes, sha256 }] of Object.entries(manifest)) {
    const file = join(folder, path);
    let found: Stats;
    try {
      found = statSync(file);
    } catch (error) {
      if (errnoName(error) !== 'ENOENT' && errnoName(error) !== 'ENOTDIR') throw error;
      return `${path} is missing`;
    }
    if (!found.isFile()) return `${path} is not a file`;
    const same = path === GROWING ? found.size >= bytes : found.size === bytes;
    if (!same) return `${path} has ${found.size} bytes instead of ${bytes}`;
    if (sha256 === undefined || (!every && found.mtimeMs <= publishedMs)) continue;
    if (digestOf(file) !== sha256) return `${path} has another content (sha256)`;
  }
  return undefined;
}

const CHUNK = 1 << 20;

function digestOf(file: string): string {
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const bytes = readSync(descriptor, buffer, 0, CHUNK, null);
      if (bytes === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytes));
    }
  } finally {
    closeSync(descriptor);
  }
}
