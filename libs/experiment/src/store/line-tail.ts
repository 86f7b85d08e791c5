import { errnoName, readLines } from '@gmoe/core';
import { guardStore } from './store-error.js';

/** Follows a file of lines that grows: each call reads what was added since the last one, and nothing twice. */
export class LineTail {
  private offset = 0;

  constructor(readonly file: string) {}

  /** Complete lines that are new; none if there is no such file. @throws MachineError if it cannot be read */
  next(): string[] {
    const lines = guardStore(this.file, () => this.added());
    this.offset = lines.at(-1)?.end ?? this.offset;
    return lines.map(({ text }) => text);
  }

  private added() {
    try {
      return [...readLines(this.file, this.offset)];
    } catch (error) {
      if (errnoName(error) !== 'ENOENT') throw error;
      return [];
    }
  }
}
