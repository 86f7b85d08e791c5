import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { UnsupportedError } from 'mlflow-js-client';

/**
 * Where a file that a journal names may lie: in the spool's own folder, and of a sweep's spool (`sweep.json` beside it) in
 * the sweep's `trials` and among the sweep's own files. A journal may have been written by somebody else who shares the disk:
 * whoever uploads it must not send files of their own.
 *
 * @returns the file's real path, links followed
 * @throws UnsupportedError if it lies elsewhere, is reached by a link out of there, or is gone
 */
export function ownFile(journal: string, named: string): string {
  const file = resolve(dirname(journal), named);
  if (!existsSync(file)) throw new UnsupportedError(`there is no file ${basename(file)}`);
  const real = realpathSync(file);
  const spool = realpathSync(dirname(journal));
  if (below(spool, real) !== undefined) return real;
  const sweep = dirname(spool);
  const path = existsSync(join(sweep, 'sweep.json')) ? below(sweep, real) : undefined;
  if (path !== undefined && (path.length === 1 || path[0] === 'trials')) return real;
  throw new UnsupportedError(`${basename(file)}: lies outside the run's own folder, so it is not uploaded`);
}

/** The names that lead from a folder down to a file; undefined if it is not below, or hidden. */
function below(folder: string, file: string): string[] | undefined {
  const names = relative(folder, file).split(sep);
  return names.some((name) => name === '' || name.startsWith('.')) || resolve(folder, ...names) !== file
    ? undefined
    : names;
}
