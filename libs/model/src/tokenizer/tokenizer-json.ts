import { z } from 'zod';

/** A token that is found in a text before the model sees it. */
export const describedTokenSchema = z.looseObject({
  content: z.string().min(1),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  /** Looked for in the normalised text; as in Python, what is special is not. */
  normalized: z.boolean().optional(),
  special: z.boolean().default(false),
});

const addedTokenSchema = describedTokenSchema.extend({ id: z.int().min(0) });

const byId = z.record(z.string(), z.int().min(0));
/** Vocabularies whose ids are the tokens' places: `[token, log-probability]`. */
const byPlace = z.array(z.tuple([z.string(), z.number()]));

/** The parts of Hugging Face's `tokenizer.json` that are read here; the tokenizer library reads the rest. */
export const tokenizerJsonSchema = z.looseObject({
  padding: z.looseObject({ pad_token: z.string() }).nullish(),
  added_tokens: z.array(addedTokenSchema).default([]),
  model: z.looseObject({
    vocab: z.union([byId, byPlace]),
    dropout: z
      .literal(0, 'merges that are left out at random (dropout) are not known: the same text would have other tokens')
      .nullish(),
  }),
});

/** The contents of a `tokenizer.json`. */
export type TokenizerJson = z.input<typeof tokenizerJsonSchema>;

/** A `tokenizer.json` of byte-pair encoding, as it is made here. */
export type BpeTokenizerJson = TokenizerJson & {
  readonly model: { readonly vocab: Record<string, number>; readonly merges: [string, string][] };
};

const namedTokenSchema = z
  .union([
    z
      .string()
      .min(1)
      .transform((content) => describedTokenSchema.parse({ content })),
    describedTokenSchema,
  ])
  .nullish();

export const NAMED_TOKENS = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;

const furtherTokensSchema = z.array(namedTokenSchema).nullish();

/** The part of `tokenizer_config.json` that is used. */
export const tokenizerConfigSchema = z.looseObject({
  bos_token: namedTokenSchema,
  eos_token: namedTokenSchema,
  unk_token: namedTokenSchema,
  sep_token: namedTokenSchema,
  pad_token: namedTokenSchema,
  cls_token: namedTokenSchema,
  mask_token: namedTokenSchema,
  additional_special_tokens: furtherTokensSchema,
  /** With names where a model has them for itself. */
  extra_special_tokens: z.union([furtherTokensSchema, z.record(z.string(), namedTokenSchema)]),
  /** Special tokens in a text are text. */
  split_special_tokens: z.boolean().nullish(),
  add_bos_token: z.boolean().nullish(),
  add_eos_token: z.boolean().nullish(),
  added_tokens_decoder: z.record(z.string().regex(/^\d+$/, 'must be a token id'), describedTokenSchema).nullish(),
});

/** Tokens that a model names for itself: what ends in `_token` (`image_token`), and a table in place of the list of further ones. */
export function ownTokens(config: z.output<typeof tokenizerConfigSchema>): z.output<typeof describedTokenSchema>[] {
  const known = new Set<string>(NAMED_TOKENS);
  const fields = Object.entries(config).filter(([name]) => name.endsWith('_token') && !known.has(name));
  const { extra_special_tokens: extra } = config;
  const table = extra && !Array.isArray(extra) ? Object.values(extra) : [];
  return [...fields.map(([, value]) => namedTokenSchema.safeParse(value).data), ...table].filter(
    (token) => token != null,
  );
}

export type TokenizerConfig = z.input<typeof tokenizerConfigSchema>;
