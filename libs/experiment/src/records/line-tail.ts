import { readRange } from '@gmoe/core';

/** Follows a file of lines that grows: each call reads what was added since the last one, and nothing twice. */
export class LineTail {
  private offset = 0;

  constructor(readonly file: string) {}

  /** Complete lines that are new; none if there is no such file. */
  next(): string[] {
    const text = readRange(this.file, this.offset).toString('utf8');
    const complete = text.slice(0, text.lastIndexOf('\n') + 1);
    this.offset += Buffer.byteLength(complete);
    return complete.split('\n').filter((line) => line !== '');
  }
}
