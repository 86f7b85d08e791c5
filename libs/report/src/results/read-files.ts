import { readdirSync } from 'node:fs';
import { messageOf, parseJson, readRegularFile, UserError } from '@gmoe/core';
import type { z } from 'zod';

/** Collects what could not be read. */
export type Warn = (line: string) => void;

/** About as much as one string can hold. */
const MOST_BYTES = 500_000_000;

/** The text of a file; undefined if there is none. */
export function readText(file: string, warn: Warn): string | undefined {
  try {
    return readRegularFile(file, MOST_BYTES).toString('utf8');
  } catch (error) {
    if (error instanceof UserError) {
      warn(error.message);
      return undefined;
    }
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') warn(`${file}: cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}

/** Names in a folder, sorted; none if it does not exist. */
export function listFolder(folder: string, warn: Warn): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') warn(`${folder}: cannot be read: ${messageOf(error)}`);
    return [];
  }
}

/** A JSON file checked against its schema; undefined, with a warning if it exists but does not fit. */
export function readJson<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  warn: Warn,
): z.output<Schema> | undefined {
  const text = readText(file, warn);
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parseOrUndefined(text));
  if (parsed.success) return parsed.data;
  warn(`${file}: is damaged: ${firstProblem(parsed.error)}`);
  return undefined;
}

/**
 * A file of JSON lines. Lines that do not fit are left out with one warning; a last line without its newline was cut
 * off by a crash or is being written, and is left out if it does not fit.
 */
export function readLines<Schema extends z.ZodType>(file: string, schema: Schema, warn: Warn): z.output<Schema>[] {
  const text = readText(file, warn);
  if (text === undefined) return [];
  const values: z.output<Schema>[] = [];
  let damaged = 0;
  let firstDamaged = '';
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    if (line.trim() === '') return;
    const parsed = schema.safeParse(parseOrUndefined(line));
    if (parsed.success) values.push(parsed.data);
    else {
      damaged += 1;
      firstDamaged ||= index === lines.length - 1 ? 'the last line is cut off' : `line ${index + 1} is damaged`;
    }
  });
  if (damaged > 0) warn(`${file}: ${firstDamaged}${damaged > 1 ? `, ${damaged} in all` : ''}; left out`);
  return values;
}

function parseOrUndefined(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return [issue.path.join('.'), issue.message].filter(Boolean).join(': ');
}
