/**
 * A mistake that the user can mend: bad option, missing file, unusable device. The app prints `message` as one line
 * (field, value, what is allowed, what to do) and exits with code 2; `--debug` adds the stack.
 */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message.replace(/\s*\n\s*/g, ' '), options);
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
