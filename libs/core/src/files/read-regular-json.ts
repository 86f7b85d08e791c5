import { parseJson } from './parse-json.js';
import { readRegularFile } from './read-bounded.js';

/**
 * The value of a JSON file that others may have written.
 *
 * @param most bytes that are read
 * @throws UserError if it is no regular file, or larger; SyntaxError of `parseJson`; errors of the system as they are
 */
export function readRegularJson(file: string, most: number): unknown {
  return parseJson(readRegularFile(file, most).toString('utf8'));
}
