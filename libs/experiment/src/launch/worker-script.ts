import { chmodSync } from 'node:fs';
import { writeWhole } from '@gmoe/core';
import { guardStore } from '../store/store-error.js';

/** A shell line that runs a command of exactly these words. */
export function shellLine(command: readonly string[]): string {
  return command.map(shellWord).join(' ');
}

/** A shell word that means exactly this text. */
export function shellWord(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Writes a bash script. A last line that begins with `exec` makes its command the process itself, so that signals reach it. */
export function writeScript(file: string, lines: readonly string[]): string {
  guardStore(file, () => {
    writeWhole(file, `${['#!/bin/bash', ...lines].join('\n')}\n`);
    chmodSync(file, 0o755);
  });
  return file;
}
