import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** A file of the optional shared data folder; undefined, with a warning, where it is not on this machine. */
export function sharedFile(path: string): string | undefined {
  const file = resolve(process.env.GMOE_SHARED ?? '../shared', 'data', path);
  if (existsSync(file)) return file;
  process.emitWarning(`skipped: ${path} is not in the shared data folder (GMOE_SHARED)`);
  return undefined;
}
