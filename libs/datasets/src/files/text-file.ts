import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { messageOf, UserError } from '@gmoe/core';

/** A text file as read. */
export interface TextFile {
  /** Its name without folder and `.gz`. */
  readonly name: string;
  readonly text: string;
  /** How its bytes were read; Latin-1 where they are not UTF-8. */
  readonly encoding: Encoding;
}

export type Encoding = 'utf-8' | 'latin-1';

/** The path of a file in a folder, or of the same name with `.gz` behind it; undefined if neither is there. */
export function findFile(folder: string, name: string): string | undefined {
  return [name, `${name}.gz`].map((each) => join(folder, each)).find((path) => existsSync(path));
}

/**
 * Reads a text file, gzipped or not. A byte order mark is left out; bytes that are not UTF-8 are read as Latin-1
 * (Windows-1252, its superset), which several published data sets are in.
 * @throws UserError if it cannot be read
 */
export function readTextFile(path: string): TextFile {
  const name = basename(path).replace(/\.gz$/, '');
  try {
    const stored = readFileSync(path);
    const bytes = path.endsWith('.gz') ? gunzipSync(stored) : stored;
    const encoding = isUtf8(bytes) ? 'utf-8' : 'latin-1';
    const decoder = new TextDecoder(encoding === 'utf-8' ? 'utf-8' : 'windows-1252');
    return { name, text: decoder.decode(bytes), encoding };
  } catch (error) {
    throw new UserError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** The lines of a text with their numbers, whichever way they end; empty ones are left out. */
export function numberedLines(text: string): { readonly line: number; readonly text: string }[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((each, index) => ({ line: index + 1, text: each }))
    .filter((each) => each.text.trim() !== '');
}
