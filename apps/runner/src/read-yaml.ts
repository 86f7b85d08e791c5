import { existsSync } from 'node:fs';
import { messageOf, readBounded, UserError } from '@gmoe/core';
import { parse } from 'yaml';

/** More text than any config has, bytes. */
const MOST_BYTES = 1 << 21;

/** The content of a YAML file. @throws UserError if it is missing or is not YAML */
export function readYaml(path: string): unknown {
  if (!existsSync(path)) throw new UserError(`${path}: no such file`);
  try {
    return parse(readBounded(path, MOST_BYTES).toString('utf8'), { prettyErrors: true, logLevel: 'error' });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: not valid YAML: ${messageOf(error).split('\n')[0]!.replace(/:$/, '')}`, {
      cause: error,
    });
  }
}
