import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { journalRecord, type JournalRecord } from './records.js';

const CHUNK = 1 << 18;
/** A line beyond this is garbage. */
const MAX_LINE = 1 << 26;

export interface JournalLine {
  /** undefined if the line cannot be read: torn by a crash, or garbage. */
  readonly record: JournalRecord | undefined;
  readonly text: string;
  /** Offset of its first byte. */
  readonly start: number;
  /** Offset of the byte after the line. */
  readonly end: number;
}

/**
 * Complete lines from a byte offset on, in bounded memory. A last line without its end is not there yet (its writer
 * may be at it) and is left for next time.
 */
export function* readJournal(file: string, offset = 0): Generator<JournalLine> {
  const fd = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(CHUNK);
    let rest = Buffer.alloc(0);
    let position = offset;
    for (;;) {
      const bytes = readSync(fd, buffer, 0, CHUNK, position);
      if (bytes === 0) return;
      const data = Buffer.concat([rest, buffer.subarray(0, bytes)]);
      const base = position - rest.length;
      position += bytes;
      let start = 0;
      for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a, start)) {
        const text = data.toString('utf8', start, end);
        if (text !== '') yield { record: parse(text), text, start: base + start, end: base + end + 1 };
        start = end + 1;
      }
      rest = Buffer.from(data.subarray(start));
      if (rest.length > MAX_LINE) throw new Error(`${file}: a line of more than ${MAX_LINE} bytes at ${base}`);
    }
  } finally {
    closeSync(fd);
  }
}

/** Bytes in a file now, 0 if there is none. */
export function journalBytes(file: string): number {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    return fstatSync(fd).size;
  } catch {
    return 0;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function parse(text: string): JournalRecord | undefined {
  try {
    return journalRecord.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
