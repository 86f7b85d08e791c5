import { messageOf, UserError } from '@gmoe/core';
import type { Row } from './row.js';
import { numberedLines, type TextFile } from './text-file.js';

/** The rows of JSON lines; empty lines are passed over. @throws UserError naming file and line of the first bad one */
export function jsonLineRows({ name, text }: TextFile): Row[] {
  return numberedLines(text).map(({ line, text: json }) => {
    let values: unknown;
    try {
      values = JSON.parse(json);
    } catch (error) {
      throw new UserError(`${name}:${line}: not JSON: ${messageOf(error)}`, { cause: error });
    }
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw new UserError(`${name}:${line}: must be a JSON object with a field for each column`);
    }
    return { file: name, line, values: values as Record<string, unknown> };
  });
}
