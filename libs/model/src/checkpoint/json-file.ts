import { errnoName, messageOf, parseJson, parseOptions, readRegularFile, UserError, writeWhole } from '@gmoe/core';
import type { z } from 'zod';
import { refuseLfsPointer } from './lfs-pointer.js';

/** What a model folder holds beside its weights; the largest tokenizers have 35 MB. */
const MOST_BYTES = 100_000_000;
/** Names, numbers and texts in one; the largest tokenizers have 1.8 million. */
const MOST_VALUES = 2_500_000;

/** A text of a model folder; undefined if there is none. @throws UserError if it cannot be read, or is too large */
export function readModelText(path: string): string | undefined {
  try {
    return readRegularFile(path, MOST_BYTES).toString('utf8');
  } catch (error) {
    if (errnoName(error) === 'ENOENT') return undefined;
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Reads a JSON file; undefined if there is none. @throws UserError if it is not JSON or not of this form. */
export async function readJsonFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const text = readModelText(path);
  if (text === undefined) return undefined;
  refuseLfsPointer(text, path);
  let json: unknown;
  try {
    json = parseJson(text, MOST_VALUES);
  } catch (error) {
    throw new UserError(`${path}: is not JSON: ${messageOf(error)}`, { cause: error });
  }
  return parseOptions(schema, json, path);
}

/** Writes a JSON file as a whole. */
export function writeJson(path: string, value: unknown, indent?: number): void {
  writeWhole(path, `${JSON.stringify(value, undefined, indent)}\n`);
}
