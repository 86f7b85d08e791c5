import { closeSync, fstatSync, readSync } from 'node:fs';
import { openRegular } from './read-bounded.js';

/** At most so many bytes of a file from an offset on; nothing if there is no such file. */
export function readRange(file: string, from: number, bytes = Infinity): Buffer {
  return readWith(file, () => from, bytes);
}

/** The last bytes of a file as text; empty if there is no such file. */
export function readTail(file: string, bytes: number): string {
  return readWith(file, (size) => Math.max(0, size - bytes), bytes).toString('utf8');
}

function readWith(file: string, start: (size: number) => number, bytes: number): Buffer {
  let descriptor: number;
  try {
    descriptor = openRegular(file);
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const { size } = fstatSync(descriptor);
    const from = start(size);
    const buffer = Buffer.alloc(Math.max(0, Math.min(bytes, size - from)));
    return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, from));
  } finally {
    closeSync(descriptor);
  }
}
