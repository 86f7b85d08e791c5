import { messageOf, UserError } from '@gmoe/core';
import { parse } from 'csv-parse/sync';
import type { Row } from './row.js';
import { numberedLines, type TextFile } from './text-file.js';

/**
 * The rows of comma-separated values (RFC 4180), the first line naming the columns; a quoted value may run over lines.
 * @throws UserError naming file and line
 */
export function csvRows({ name, text }: TextFile): Row[] {
  let records: { record: Record<string, unknown>; info: { lines: number } }[];
  try {
    records = parse(text, { columns: uniqueColumns(name), info: true, skip_empty_lines: true }) as never;
  } catch (error) {
    const line = (error as { lines?: number }).lines;
    throw new UserError(`${name}${line === undefined ? '' : `:${line}`}: not CSV: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return records.map(({ record, info }) => ({ file: name, line: info.lines, values: record }));
}

/**
 * The rows of tab-separated values, where quotes are plain characters (GLUE, CoLA).
 * @param columns names of the columns; without, the first line names them
 * @throws UserError naming file and line where a row has another number of values
 */
export function tsvRows({ name, text }: TextFile, columns?: readonly string[]): Row[] {
  const lines = numberedLines(text);
  const names = columns ?? uniqueColumns(name)(lines.shift()?.text.split('\t') ?? []);
  return lines.map(({ line, text: row }) => {
    const values = row.split('\t');
    if (values.length !== names.length) {
      throw new UserError(
        `${name}:${line}: has ${values.length} values between tabs, not ${names.length} (${names.join(', ')})`,
      );
    }
    return { file: name, line, values: Object.fromEntries(names.map((column, i) => [column, values[i]])) };
  });
}

const uniqueColumns = (file: string) => (header: readonly string[]) => {
  const names = header.map((each) => each.trim());
  const twice = names.find((each, i) => names.indexOf(each) !== i);
  if (twice !== undefined) throw new UserError(`${file}:1: names the column '${twice}' twice`);
  return names;
};
