import { existsSync, readFileSync } from 'node:fs';
import { messageOf, UserError } from '@gmoe/core';
import { parse } from 'yaml';

/** The content of a YAML file. @throws UserError if it is missing or is not YAML */
export function readYaml(path: string): unknown {
  if (!existsSync(path)) throw new UserError(`${path}: no such file`);
  try {
    return parse(readFileSync(path, 'utf8'), { prettyErrors: true });
  } catch (error) {
    throw new UserError(`${path}: not valid YAML: ${messageOf(error).split('\n')[0]!.replace(/:$/, '')}`, {
      cause: error,
    });
  }
}
