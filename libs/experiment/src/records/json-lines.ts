import { readFileSync } from 'node:fs';
import { UserError } from '@gmoe/core';
import type { z } from 'zod';

/**
 * Reads a file of JSON lines. A last line without its newline is left out: its writer was cut off, or is writing.
 *
 * @throws UserError naming file and line if a complete line does not fit the schema.
 */
export function readJsonLines<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema>[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, index) => {
    const parsed = schema.safeParse(parse(line));
    if (parsed.success) return parsed.data;
    throw new UserError(`${file}: line ${index + 1} is damaged: ${parsed.error.issues[0]!.message}`);
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
