import { messageOf, redact, UserError } from '@gmoe/core';
import { CommanderError } from 'commander';

/** Exit codes: 0 done, 1 something failed while running, 2 wrong input, 130 interrupted. */
export const EXIT = { failed: 1, usage: 2, interrupted: 130 } as const;

/** Tells the user in one line what is wrong; the stack only with `--debug`. Returns the exit code. */
export function reportError(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  const line = redact(messageOf(error)).replace(/\s*\n\s*/g, ' ');
  process.stderr.write(`gmoe: ${line}\n`);
  if (debug && error instanceof Error && error.stack) process.stderr.write(`${redact(error.stack)}\n`);
  return error instanceof UserError ? EXIT.usage : EXIT.failed;
}
