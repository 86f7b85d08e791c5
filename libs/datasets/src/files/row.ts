import { parseOptions, UserError } from '@gmoe/core';
import type { z } from 'zod';

/** A row of a data file. */
export interface Row {
  /** The file's name, for messages. */
  readonly file: string;
  /** Line in the file, or number of the row where a file has no lines; from 1. */
  readonly line: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What is wrong with one value of a row: `FILE:LINE: COLUMN: MESSAGE (got VALUE)`. */
export function rowError(
  { file, line }: Omit<Row, 'values'>,
  column: string,
  message: string,
  value: unknown,
): UserError {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  return new UserError(
    `${file}:${line}: ${column}: ${message} (got ${text.length > 80 ? `${text.slice(0, 77)}...` : text})`,
  );
}

/** The values of a row by a schema. @throws UserError naming file, line, column and value */
export function parseRow<Schema extends z.ZodType>(schema: Schema, row: Row): z.output<Schema> {
  return parseOptions(schema, row.values, `${row.file}:${row.line}`);
}
