import { readFile } from 'node:fs/promises';
import { messageOf, parseOptions, UserError, writeWhole } from '@gmoe/core';
import type { z } from 'zod';
import { refuseLfsPointer } from './lfs-pointer.js';

/** Reads a JSON file; undefined if there is none. @throws UserError if it is not JSON or not of this form. */
export async function readJsonFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UserError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  refuseLfsPointer(text, path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: is not JSON: ${messageOf(error)}`, { cause: error });
  }
  return parseOptions(schema, json, path);
}

/** Writes a JSON file as a whole. */
export function writeJson(path: string, value: unknown, indent?: number): void {
  writeWhole(path, `${JSON.stringify(value, undefined, indent)}\n`);
}
