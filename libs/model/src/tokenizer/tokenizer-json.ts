import { z } from 'zod';

const addedTokenSchema = z.looseObject({
  id: z.int().min(0),
  content: z.string().min(1),
  special: z.boolean().default(false),
  single_word: z.literal(false, 'added tokens that are whole words only are not known').default(false),
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
