import { messageOf, systemFailure, UserError, type Blame } from '@gmoe/core';

/** The store cannot be used as it is: nothing is wrong with the trial, and nothing stored is lost. */
export class StoreError extends UserError {}

/**
 * The machine failed, not the trial: a disk, a mount, a device, memory. The trial stays open.
 *
 * `blame` tells what to do next: `full` does not mend itself, `missing` may come back (a mount), `machine` may pass.
 */
export class MachineError extends StoreError {
  constructor(
    message: string,
    readonly blame: Exclude<Blame, 'unknown'>,
    /** What could not be used, if it is a file. */
    readonly path?: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Runs a file operation; failures of the store become one clear line. */
export function guardStore<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw toStoreError(path, error);
  }
}

/** What to throw for a failed operation on `path`: what the system refuses is the machine's failure. */
export function toStoreError(path: string, error: unknown): unknown {
  if (error instanceof UserError) return error;
  return machineError(path, error) ?? error;
}

/** The machine's part in a failure, as one line; undefined if the system has none. */
export function machineError(path: string, error: unknown): MachineError | undefined {
  const failure = systemFailure(error);
  if (!failure) return undefined;
  const { name, blame } = failure;
  if (blame === 'unknown') return new MachineError(`${path}: ${messageOf(error)}`, 'machine', path, { cause: error });
  const where = failure.path ?? path;
  return new MachineError(`${where}: ${failure.reason} (${name})`, blame, where, { cause: error });
}
