import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { messageOf, UserError } from '../user-error.js';

/** What may be read at once, bytes. */
const CHUNK = 1 << 20;

/**
 * A whole file of at most `most` bytes. Devices, pipes and files that grow without end stop at the limit too.
 *
 * @throws UserError if it is larger, or no file; errors of the system as they are
 */
export function readBounded(file: string, most: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw new UserError(`${file}: is a folder`);
    if (stat.size > most) throw new UserError(`${file}: has ${stat.size} bytes, at most ${most} are read`);
    const pieces: Buffer[] = [];
    for (let total = 0; ;) {
      const piece = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(stat.size - total, 4096)));
      const bytes = readSync(descriptor, piece, 0, piece.length, null);
      if (bytes === 0) return Buffer.concat(pieces, total);
      total += bytes;
      if (total > most) throw new UserError(`${file}: has more than ${most} bytes, at most ${most} are read`);
      pieces.push(piece.subarray(0, bytes));
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The same for files of strangers: a folder that was handed over may hold pipes, whose opening would wait for ever, and links to
 * devices.
 */
export function readRegularFile(file: string, most: number): Buffer {
  const descriptor = openRegular(file);
  try {
    const { size } = fstatSync(descriptor);
    if (size > most) throw new UserError(`${file}: has ${size} bytes, at most ${most} are read`);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Opens a file to be read, and waits for nobody.
 *
 * @throws UserError if it is a folder, a pipe or a device; errors of the system as they are
 */
export function openRegular(file: string): number {
  // Windows has no such flag, and no such pipes.
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw new UserError(`${file}: is not a file`);
}

/**
 * What a gzip holds, if that is at most `most` bytes: a small file can unpack to more than there is memory.
 *
 * @param name of the file, for messages
 */
export function gunzipBounded(packed: Uint8Array, most: number, name: string): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new UserError(`${name}: unpacks to more than ${most} bytes, at most ${most} are read`, { cause: error });
    }
    throw new UserError(`${name}: is no whole gzip file: ${messageOf(error)}`, { cause: error });
  }
}
