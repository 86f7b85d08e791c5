import { messageOf, UserError } from '@gmoe/core';

/** The store cannot be read or written: nothing is wrong with the trial, and nothing stored is lost. */
export class StoreError extends UserError {}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space and run again, finished trials are kept',
  EDQUOT: 'the disk quota is used up: free some space and run again, finished trials are kept',
  EROFS: 'the file system is read-only: choose a folder that can be written',
  EACCES: 'no permission: choose a folder that can be written',
  EPERM: 'not permitted: choose a folder that can be written, on a file system with hard links',
  ENOTSUP: 'the file system has no hard links, which publishing results needs: choose another folder',
  EMFILE: 'too many open files: raise the limit (ulimit -n)',
  EIO: 'input/output error: the disk or the network file system fails',
  ESTALE: 'the network file system lost the file: mount it again',
};

/** The error code of a failed file operation that is the store's trouble, not the trial's. */
export function storeErrorCode(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code !== undefined && code in REASONS ? code : undefined;
}

/** Runs a file operation; failures of the store become one clear line. */
export function guardStore<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw toStoreError(path, error);
  }
}

/** What to throw for a failed file operation on `path`. */
export function toStoreError(path: string, error: unknown): unknown {
  if (error instanceof UserError) return error;
  const code = storeErrorCode(error);
  if (code !== undefined) return new StoreError(`${path}: ${REASONS[code]} (${code})`, { cause: error });
  return (error as NodeJS.ErrnoException).syscall !== undefined
    ? new StoreError(`${path}: ${messageOf(error)}`, { cause: error })
    : error;
}
