import { errnoName, parseJsonLine, readLines, UserError } from '@gmoe/core';
import type { z } from 'zod';

/**
 * Reads a file of JSON lines. A last line without its newline is left out: its writer was cut off, or is writing.
 *
 * @throws UserError naming file and line if a complete line does not fit the schema.
 */
export function readJsonLines<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema>[] {
  const values: z.output<Schema>[] = [];
  try {
    for (const { text } of readLines(file)) {
      const parsed = schema.safeParse(parseJsonLine(text));
      if (!parsed.success) {
        throw new UserError(`${file}: line ${values.length + 1} is damaged: ${parsed.error.issues[0]!.message}`);
      }
      values.push(parsed.data);
    }
  } catch (error) {
    if (errnoName(error) !== 'ENOENT') throw error;
  }
  return values;
}
