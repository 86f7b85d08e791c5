import { messageOf, UserError } from '@gmoe/core';
import { parse } from 'csv-parse/sync';
import type { Row } from './row.js';
import { numberedLines, type TextFile } from './text-file.js';

/** Delimiters that a file with one column may have been meant with. */
const LIKELY = [';', '\t', '|', ','];

/** The parser takes its time for each. */
const MOST_COLUMNS = 10_000;

/**
 * The rows of comma-separated values (RFC 4180), the first line naming the columns; a quoted value may run over lines. A
 * line `sep=;` before it, as Excel writes, names the delimiter. Columns without a name are left out where they are empty.
 * @param delimiter default a comma
 * @throws UserError naming file and line
 */
export function csvRows({ name, text }: TextFile, delimiter?: string): Row[] {
  const [, named] = /^sep=(.)\r?\n/.exec(text) ?? [];
  const separator = delimiter ?? named ?? ',';
  const body = named === undefined ? text : text.slice(text.indexOf('\n') + 1);
  const skipped = named === undefined ? 0 : 1;
  const columns = (header: readonly string[]) => {
    const names = uniqueColumns(name)(header);
    const other = LIKELY.find((each) => each !== separator && names.length === 1 && names[0]!.includes(each));
    if (other !== undefined) {
      throw new UserError(
        `${name}:${1 + skipped}: has one column, '${names[0]!}': separated by ${JSON.stringify(other)}? set task.delimiter: ${JSON.stringify(other)}`,
      );
    }
    return names.map((each) => (each === '' ? undefined : each));
  };
  refuseWide(name, body, separator);
  let records: { record: Record<string, unknown>; info: { lines: number } }[];
  try {
    records = parse(body, { columns, info: true, skip_empty_lines: true, delimiter: separator }) as never;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const line = (error as { lines?: number }).lines;
    throw new UserError(`${name}${line === undefined ? '' : `:${line + skipped}`}: not CSV: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return records.map(({ record, info }) => ({ file: name, line: info.lines + skipped, values: record }));
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

/** Looks at the first line before the parser does. */
function refuseWide(file: string, text: string, separator: string): void {
  let columns = 1;
  const end = text.indexOf('\n');
  const header = end < 0 ? text : text.slice(0, end);
  for (let at = header.indexOf(separator); at >= 0; at = header.indexOf(separator, at + separator.length)) columns++;
  if (columns > MOST_COLUMNS) {
    throw new UserError(`${file}:1: names ${columns} columns, at most ${MOST_COLUMNS} are read`);
  }
}

const uniqueColumns = (file: string) => (header: readonly string[]) => {
  const names = header.map((each) => each.trim());
  const seen = new Set<string>();
  for (const each of names) {
    if (each !== '' && seen.has(each)) throw new UserError(`${file}:1: names the column '${each}' twice`);
    seen.add(each);
  }
  return names;
};
