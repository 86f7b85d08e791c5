import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeWhole } from '../files/durable.js';
import { UserError } from '../user-error.js';
import { userCache } from '../system/user-cache.js';

/**
 * sha256 of a file's content, in hexadecimal. Known digests are kept by the file's identity (path, inode, size, times), so that
 * a model of many gigabytes is read once: in the process, and for large files in the cache folder (`GMOE_CACHE`, else
 * `~/.cache/gmoe`), if there is one.
 */
export function fileDigest(path: string): string {
  const absolute = resolve(path);
  const stat = statSync(absolute, { bigint: true });
  // A pipe would be waited for, a device read without end.
  if (!stat.isFile()) throw new UserError(`${path}: is not a file`);
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  const identity = [absolute, dev, ino, size, mtimeNs, ctimeNs].join('|');
  const known = digests.get(identity) ?? (size >= LARGE ? readCached(identity) : undefined);
  if (known !== undefined) return known;
  const digest = digestOf(absolute);
  digests.set(identity, digest);
  if (size >= LARGE) writeCached(identity, digest);
  return digest;
}

/** Bytes from which a digest is worth a file of its own. */
const LARGE = 16n * 1024n * 1024n;
const digests = new Map<string, string>();

function digestOf(path: string): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, 'r');
  try {
    for (;;) {
      const read = readSync(file, buffer);
      if (read === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
}

const cacheFile = (identity: string): string =>
  join(cacheFolder(), 'digests', createHash('sha256').update(identity).digest('hex'));

function cacheFolder(): string {
  return process.env['GMOE_CACHE'] || join(userCache(process.env, 'GMOE_CACHE'), 'gmoe');
}

/** A cache that cannot be read or written costs time alone. */
function readCached(identity: string): string | undefined {
  try {
    const text = readFileSync(cacheFile(identity), 'utf8').trim();
    return /^[0-9a-f]{64}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function writeCached(identity: string, digest: string): void {
  try {
    const file = cacheFile(identity);
    mkdirSync(join(cacheFolder(), 'digests'), { recursive: true });
    writeWhole(file, digest, { durably: false });
  } catch {
    return;
  }
}
