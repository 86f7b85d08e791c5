import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** What the hub says a file's content is: SHA-256 of large files, Git's blob id (SHA-1) of the others. */
export interface Checksum {
  readonly algorithm: 'sha256' | 'git-sha1';
  /** Hexadecimal. */
  readonly value: string;
}

/** Whether a file's content has this checksum. */
export async function hasChecksum(path: string, bytes: number, { algorithm, value }: Checksum): Promise<boolean> {
  const hash = createHash(algorithm === 'sha256' ? 'sha256' : 'sha1');
  if (algorithm === 'git-sha1') hash.update(`blob ${bytes}\0`);
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex') === value;
}
