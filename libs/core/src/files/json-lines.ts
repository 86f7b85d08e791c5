import { closeSync, readSync } from 'node:fs';
import { UserError } from '../user-error.js';
import { parseJson } from './parse-json.js';
import { openRegular } from './read-bounded.js';

const CHUNK = 1 << 18;
/** A line beyond this is garbage, bytes. */
const LONGEST_LINE = 1 << 26;

/** One line of a file. */
export interface Line {
  readonly text: string;
  /** Offset of its first byte. */
  readonly start: number;
  /** Offset of the byte after its newline. */
  readonly end: number;
}

/**
 * The complete lines of a file from a byte offset on, in bounded memory; empty ones are left out. A last line without its
 * newline is not there yet: its writer was cut off, or is at it.
 *
 * @throws UserError naming the file if a line is beyond all measure, or if it is no file
 */
export function* readLines(file: string, offset = 0): Generator<Line> {
  const descriptor = openRegular(file);
  try {
    const buffer = Buffer.alloc(CHUNK);
    let pieces: Buffer[] = [];
    let held = 0;
    let position = offset;
    for (;;) {
      const bytes = readSync(descriptor, buffer, 0, CHUNK, position);
      if (bytes === 0) return;
      const fresh = buffer.subarray(0, bytes);
      const base = position - held;
      position += bytes;
      if (!fresh.includes(0x0a)) {
        held += bytes;
        if (held > LONGEST_LINE) throw new UserError(`${file}: a line of more than ${LONGEST_LINE} bytes at ${base}`);
        pieces.push(Buffer.from(fresh));
        continue;
      }
      const data = Buffer.concat([...pieces, fresh]);
      let start = 0;
      for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a, start)) {
        if (end > start) yield { text: data.toString('utf8', start, end), start: base + start, end: base + end + 1 };
        start = end + 1;
      }
      const rest = Buffer.from(data.subarray(start));
      pieces = rest.length > 0 ? [rest] : [];
      held = rest.length;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** A line's JSON value; undefined if it is none: torn by a crash, or garbage. */
export function parseJsonLine(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
