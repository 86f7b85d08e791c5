/** Remarks beside a command's result, one line each. */
export function printNotes(notes: readonly string[]): void {
  for (const note of notes) process.stderr.write(`gmoe: ${note}\n`);
}
