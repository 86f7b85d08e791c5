import { messageOf, parseJson as parse, UserError } from '@gmoe/core';
import type { Row } from './row.js';
import { numberedLines, type TextFile } from './text-file.js';

/**
 * The rows of JSON lines, empty lines passed over, or of one JSON list of objects, numbered by their places.
 * @throws UserError naming file and line of the first bad one
 */
export function jsonLineRows({ name, text }: TextFile): Row[] {
  if (/^\s*\[/.test(text)) {
    const list = parseJson(text, name) as unknown[];
    return list.map((values, index) => rowOf(values, name, index + 1));
  }
  return numberedLines(text).map(({ line, text: json }) => rowOf(parseJson(json, `${name}:${line}`), name, line));
}

function parseJson(text: string, where: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new UserError(`${where}: not JSON: ${messageOf(error)}`, { cause: error });
  }
}

function rowOf(values: unknown, file: string, line: number): Row {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new UserError(`${file}:${line}: must be a JSON object with a field for each column`);
  }
  return { file, line, values: values as Record<string, unknown> };
}
