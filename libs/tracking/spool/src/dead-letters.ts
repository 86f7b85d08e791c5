import { appendFileSync, readFileSync } from 'node:fs';

/** Something in a journal that the server does not have, and why. */
export interface DeadLetter {
  /** Identifies the item: number of the record, kind and key. */
  readonly id: string;
  readonly reason: string;
  readonly item: unknown;
}

export function appendDeadLetters(file: string, letters: readonly DeadLetter[]): void {
  if (letters.length === 0) return;
  const time = new Date().toISOString();
  appendFileSync(file, letters.map((letter) => `${JSON.stringify({ time, ...letter })}\n`).join(''));
}

/** Letters by id: an upload repeated after a crash may have written one twice. */
export function readDeadLetters(file: string): Map<string, DeadLetter> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return new Map();
  }
  const letters = new Map<string, DeadLetter>();
  for (const line of text.split('\n')) {
    try {
      const letter = JSON.parse(line) as DeadLetter;
      letters.set(letter.id, letter);
    } catch {
      // torn
    }
  }
  return letters;
}
