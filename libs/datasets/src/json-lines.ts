import { messageOf, UserError } from '@gmoe/core';
import type { z } from 'zod';

/** The rows of JSON lines; empty lines are passed over. @throws UserError naming file, line and field of the first bad row */
export function parseJsonLines<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  file: string,
): z.output<Schema>[] {
  const rows: z.output<Schema>[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const where = `${file}: line ${index + 1}`;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (error) {
      throw new UserError(`${where}: not JSON: ${messageOf(error)}`, { cause: error });
    }
    const parsed = schema.safeParse(row);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UserError(`${where}: ${issue!.path.join('.')}: ${issue!.message}`);
    }
    rows.push(parsed.data);
  });
  return rows;
}
