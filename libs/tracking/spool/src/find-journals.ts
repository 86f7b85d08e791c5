import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { JOURNAL_SUFFIX } from './records.js';

/** All journals in a folder and below. */
export function findJournals(directory: string): string[] {
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory())
        return entry.name === 'node_modules' || entry.name.endsWith('.files') ? [] : findJournals(path);
      return entry.isFile() && entry.name.endsWith(JOURNAL_SUFFIX) ? [path] : [];
    })
    .sort();
}
