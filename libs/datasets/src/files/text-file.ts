import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipBounded, messageOf, readRegularFile, UserError } from '@gmoe/core';

/** A text file as read. */
export interface TextFile {
  /** Its name without folder and `.gz`. */
  readonly name: string;
  readonly text: string;
  /** How its bytes were read; Latin-1 where they are not UTF-8. */
  readonly encoding: Encoding;
}

export type Encoding = 'utf-8' | 'utf-16' | 'latin-1';

/** The path of a file in a folder, or of the same name with `.gz` behind it; undefined if neither is there. */
export function findFile(folder: string, name: string): string | undefined {
  return [name, `${name}.gz`].map((each) => join(folder, each)).find((path) => existsSync(path));
}

/**
 * Reads a text file, gzipped or not. A byte order mark is left out and says UTF-8 or UTF-16; bytes that are not UTF-8 are
 * read as Latin-1 (Windows-1252, its superset), which several published data sets are in.
 * @throws UserError if it cannot be read; naming the line of a byte that is not UTF-8 where others are, so that no
 *   encoding fits the whole file; on NUL bytes and on Git LFS pointers
 */
export function readTextFile(path: string): TextFile {
  const name = basename(path).replace(/\.gz$/, '');
  const bytes = readBytes(path);
  if (bytes.subarray(0, LFS.length).toString('latin1') === LFS) {
    throw new UserError(`${path}: is a Git LFS pointer, not the file itself; run git lfs pull`);
  }
  const encoding = encodingOf(bytes, name);
  const decoder = new TextDecoder(LABELS[encoding](bytes));
  return { name, text: decoder.decode(bytes), encoding };
}

const LFS = 'version https://git-lfs.github.com/spec/v1';

/** Names of the encodings in `TextDecoder`. */
const LABELS: Record<Encoding, (bytes: Buffer) => string> = {
  'utf-8': () => 'utf-8',
  'utf-16': (bytes) => (bytes[0] === 0xff ? 'utf-16le' : 'utf-16be'),
  'latin-1': () => 'windows-1252',
};

/** What a text may have, about as much as one string can hold, and what may be unpacked from a small file, bytes. */
const [MOST_BYTES, MOST_UNPACKED_BYTES] = [500_000_000, 256_000_000];

function readBytes(path: string): Buffer {
  try {
    const stored = readRegularFile(path, MOST_BYTES);
    return path.endsWith('.gz') ? gunzipBounded(stored, MOST_UNPACKED_BYTES, path) : stored;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function encodingOf(bytes: Buffer, name: string): Encoding {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return 'utf-16';
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    throw new UserError(
      `${name}:${lineAt(bytes, zero)}: holds a NUL byte: binary, or UTF-16 without a byte order mark; save it as UTF-8`,
    );
  }
  if (isUtf8(bytes)) return 'utf-8';
  const bad = firstBadByte(bytes);
  const others = lines(bytes).filter((line) => isUtf8(line) && line.some((byte) => byte > 0x7f)).length;
  if (others === 0) return 'latin-1';
  const hex = bytes[bad]!.toString(16).toUpperCase();
  throw new UserError(
    `${name}:${lineAt(bytes, bad)}: byte 0x${hex} is not UTF-8, while ${others} other ${others === 1 ? 'line is' : 'lines are'}; mend the line, or save the whole file in one encoding`,
  );
}

/** Lines as bytes. */
function lines(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start);
    const stop = end < 0 ? bytes.length : end;
    found.push(bytes.subarray(start, stop));
    start = stop + 1;
  }
  return found;
}

/** Line of a byte, from 1. */
function lineAt(bytes: Buffer, place: number): number {
  let line = 1;
  for (let at = bytes.indexOf(10); at >= 0 && at < place; at = bytes.indexOf(10, at + 1)) line++;
  return line;
}

/** Place of the first byte that is no UTF-8: by halves, since every prefix before it is valid but for its cut end. */
function firstBadByte(bytes: Buffer): number {
  const decoder = () => new TextDecoder('utf-8', { fatal: true });
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      // A sequence that the cut goes through is not wrong yet.
      decoder().decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  // A sequence that the wrong byte breaks off begins before it.
  while (good > 0 && !isUtf8(bytes.subarray(0, good))) good--;
  return good;
}

/** The lines of a text with their numbers, whichever way they end; empty ones are left out. */
export function numberedLines(text: string): { readonly line: number; readonly text: string }[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((each, index) => ({ line: index + 1, text: each }))
    .filter((each) => each.text.trim() !== '');
}
