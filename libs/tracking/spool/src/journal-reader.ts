import { closeSync, fstatSync, openSync } from 'node:fs';
import { parseJsonLine, readLines, type Line } from '@gmoe/core';
import { journalRecord, type JournalRecord } from './records.js';

/** A line of a journal, and the record that it holds; undefined if it cannot be read: torn by a crash, or garbage. */
export interface JournalLine extends Line {
  readonly record: JournalRecord | undefined;
}

/** The journal's complete lines from a byte offset on, in bounded memory. */
export function* readJournal(file: string, offset = 0): Generator<JournalLine> {
  for (const line of readLines(file, offset))
    yield { ...line, record: journalRecord.safeParse(parseJsonLine(line.text)).data };
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
