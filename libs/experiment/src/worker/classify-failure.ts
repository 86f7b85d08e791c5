import { messageOf, UserError } from '@gmoe/core';
import type { TrialFailure } from '../records/index.js';
import { MachineError, machineError } from '../store/store-error.js';
import { InfrastructureError, TrialError } from './trial-attempt.js';

const NO_MEMORY = /out of memory|bad_alloc|allocation failed|failed to allocate|cannot allocate memory/i;

/**
 * Whose failure it is. The machine's (a disk, a mount, a library that does not load) leaves the trial open; the trial's own (it
 * diverged, shapes do not fit, its config asks the impossible) would come again and is final; of others nobody knows, and
 * they are tried elsewhere once.
 */
export function classifyFailure(thrown: unknown, trialFolder: string): MachineError | TrialFailure {
  if (thrown instanceof MachineError) return thrown;
  const machine = machineError(trialFolder, thrown);
  if (machine) return machine;
  return {
    kind: kindOf(thrown),
    message: messageOf(thrown).split('\n')[0]!,
    ...(thrown instanceof Error && thrown.stack !== undefined ? { stack: thrown.stack } : {}),
  };
}

function kindOf(thrown: unknown): TrialFailure['kind'] {
  if (thrown instanceof InfrastructureError) return 'infrastructure';
  if (thrown instanceof TrialError || thrown instanceof UserError) return 'error';
  if (NO_MEMORY.test(messageOf(thrown))) return 'infrastructure';
  if (thrown instanceof TypeError || thrown instanceof RangeError) return 'error';
  return isTensorError(thrown) ? 'error' : 'unknown';
}

/** tfjs tells of shapes that do not fit by plain errors from its own code. */
function isTensorError(thrown: unknown): boolean {
  const frames = thrown instanceof Error ? (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return frames.slice(0, 3).some((frame) => /@tensorflow[\\/]tfjs/.test(frame));
}
