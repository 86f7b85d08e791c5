import { readFile } from 'node:fs/promises';
import { messageOf, parseOptions, UserError } from '@gmoe/core';
import { z } from 'zod';

const addedTokenSchema = z.looseObject({
  id: z.int().min(0),
  content: z.string().min(1),
  special: z.boolean().default(false),
});

/** The parts of Hugging Face's `tokenizer.json` that must be right before the tokenizer library may have it. */
export const tokenizerJsonSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema).default([]),
  model: z.looseObject({
    type: z.literal('BPE', 'only BPE tokenizers are read'),
    vocab: z.record(z.string(), z.int().min(0)),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
});

/** The contents of a `tokenizer.json`. */
export type TokenizerJson = z.input<typeof tokenizerJsonSchema>;

const namedTokenSchema = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
  .nullish();

/** The part of `tokenizer_config.json` that is used. */
export const tokenizerConfigSchema = z.looseObject({
  bos_token: namedTokenSchema,
  eos_token: namedTokenSchema,
  pad_token: namedTokenSchema,
  unk_token: namedTokenSchema,
  add_bos_token: z.boolean().nullish(),
  add_eos_token: z.boolean().nullish(),
});

export type TokenizerConfig = z.input<typeof tokenizerConfigSchema>;

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
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: is not JSON: ${messageOf(error)}`, { cause: error });
  }
  return parseOptions(schema, json, path);
}
