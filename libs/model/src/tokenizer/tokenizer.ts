import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, parseOptions, UserError } from '@gmoe/core';
import { z } from 'zod';
import { readJsonFile, readModelText } from '../checkpoint/json-file.js';
import { addTokens, configTokens } from './added-tokens.js';
import { openLibrary, PARTS } from './open-library.js';
import { openTextLibrary, type TextLibrary } from './text-library.js';
import { withOlderFiles } from './older-files.js';
import { refuseEndless } from './refuse-endless.js';
import { surroundingIds, type Surrounding } from './surrounding-tokens.js';
import {
  tokenizerConfigSchema,
  tokenizerJsonSchema,
  type TokenizerConfig,
  type TokenizerJson,
} from './tokenizer-json.js';

export interface EncodeOptions {
  /** Add the special tokens that the tokenizer's own files ask for (BOS for Llama). Default: none. */
  readonly addSpecial?: boolean;
  /** Take special tokens that are written out in the text as what they are, text; default: as the tokens. */
  readonly specialAsText?: boolean;
}

/** Text to token ids and back. */
export interface Tokenizer {
  /** V, one more than the largest id. */
  readonly vocabSize: number;
  readonly bosId?: number;
  readonly eosId?: number;
  readonly padId?: number;
  /** What ends a written text, where more than `eosId` does: end of a turn, of a message. Of a tokenizer that came with a model. */
  readonly stopIds?: readonly number[];
  /** What the tokenizer's own files put before a text: BOS for Llama, nothing for Qwen. */
  readonly startIds: readonly number[];
  /** The special tokens as they are written out in a text. */
  readonly specialTokens: readonly string[];
  /** Token ids of a text. Special tokens written out in the text are recognised, as in Hugging Face tokenizers. */
  encode(text: string, options?: EncodeOptions): Promise<Int32Array>;
  /** As `encode` of each text, several at a time. */
  encodeAll(texts: readonly string[], options?: EncodeOptions): Promise<Int32Array[]>;
  /**
   * The text of token ids, unpolished: no spaces are cleaned up. Special tokens are written out unless skipped; ids that
   * have no token (padding rows of an embedding) are nothing.
   */
  decode(ids: ArrayLike<number>, options?: { readonly skipSpecial?: boolean }): string;
  /** Id of a token by its exact text in the vocabulary (`Ġthe`, `▁the`, `<|endoftext|>`); undefined if there is none. */
  tokenId(token: string): number | undefined;
  /** A token's text in the vocabulary; undefined for an id outside of it. */
  tokenText(id: number): string | undefined;
  /** The `tokenizer.json` and `tokenizer_config.json` that it was made from, to be saved beside a model. */
  readonly files: { readonly json: TokenizerJson; readonly config: TokenizerConfig };
}

/**
 * Reads `tokenizer.json` and, where present, `tokenizer_config.json` of a folder.
 * @throws UserError if the tokenizer is missing or malformed
 */
export async function loadTokenizer(dir: string): Promise<Tokenizer> {
  const path = join(dir, 'tokenizer.json');
  const json = await readJsonFile(path, z.looseObject({}));
  if (!json) {
    const other = ['tokenizer.model', 'vocab.json', 'vocab.txt'].find((name) => existsSync(join(dir, name)));
    const advice = other
      ? `; ${other} alone is not read: write it with AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)`
      : '';
    throw new UserError(`${path}: no such file; a model folder needs its tokenizer.json${advice}`);
  }
  const config = await readJsonFile(join(dir, 'tokenizer_config.json'), tokenizerConfigSchema);
  return createTokenizer(json, withChatTemplate(await withOlderFiles(config ?? {}, dir, json), dir), path);
}

/** The configuration with the chat template of a file of its own, where there is one, as newer transformers write it. */
function withChatTemplate(config: TokenizerConfig, dir: string): TokenizerConfig {
  const path = join(dir, 'chat_template.jinja');
  const template = readModelText(path);
  return template === undefined ? config : { ...config, chat_template: template };
}

/**
 * A tokenizer from the contents of its files. Hugging Face's own library does the work, so that tokens are those of Python's
 * `tokenizers`; `tokenizer_config.json` counts as it does for transformers.
 * @param where prefix of messages
 * @throws UserError if they are malformed
 */
export function createTokenizer(
  tokenizerJson: unknown,
  tokenizerConfig: TokenizerConfig = {},
  where = 'tokenizer.json',
): Tokenizer {
  if (typeof tokenizerJson === 'object' && tokenizerJson !== null) {
    refuseEndless(tokenizerJson as Record<string, unknown>, where);
  }
  const json = parseOptions(tokenizerJsonSchema, tokenizerJson, where);
  // A token to pad with that only the section on padding names is a special token nonetheless.
  const padding = json.padding ? { pad_token: json.padding.pad_token } : {};
  const config = parseOptions(tokenizerConfigSchema, { ...padding, ...tokenizerConfig }, where);
  // A model sees texts as long as they are: what the file says on cutting and padding is for batches of its own.
  const complete = { version: '1.0', ...PARTS, ...json, truncation: null, padding: null };
  complete.added_tokens = json.added_tokens.map((token) => ({ normalized: !token.special, ...token }));
  const library = openLibrary(complete, where);
  const fromConfig = configTokens(
    config,
    json.added_tokens.map(({ content }) => content),
  );
  addTokens(library, fromConfig);

  const added = [...json.added_tokens, ...fromConfig];
  const specialTokens = [...new Set(added.filter(({ special }) => special).map(({ content }) => content))];
  const special = new Set(specialTokens.map((token) => library.tokenToId(token)));
  const { vocab } = json.model;
  let vocabSize = Array.isArray(vocab) ? vocab.length : 0;
  if (!Array.isArray(vocab)) for (const id of Object.values(vocab)) vocabSize = Math.max(vocabSize, id + 1);
  for (const { content } of added) vocabSize = Math.max(vocabSize, (library.tokenToId(content) ?? -1) + 1);

  let withoutSpecials: TextLibrary | undefined;
  /** Whether a text writes out special tokens that are to be text. */
  const holdsSpecials = (texts: readonly string[]): boolean =>
    specialTokens.some((token) => texts.some((text) => text.includes(token)));
  const textLibrary = (): TextLibrary => (withoutSpecials ??= openTextLibrary(library, complete, fromConfig, where));

  const named = (kind: 'bos_token' | 'eos_token' | 'pad_token'): number | undefined => {
    const token = config[kind];
    return token ? (library.tokenToId(token.content) ?? undefined) : undefined;
  };
  const bosId = named('bos_token');
  const eosId = named('eos_token');
  const padId = named('pad_token');
  const { startIds, endIds } = surrounding(complete.post_processor, { bosId, eosId, config }, where);

  const encodeAll = async (
    texts: readonly string[],
    { addSpecial = false, specialAsText = false }: EncodeOptions = {},
  ): Promise<Int32Array[]> => {
    if (texts.length === 0) return [];
    const asText = (specialAsText || config.split_special_tokens) && holdsSpecials(texts) ? textLibrary() : undefined;
    const encodings = await (asText?.library ?? library)
      .encodeBatch([...texts], { addSpecialTokens: false })
      .catch((error: unknown) => {
        throw new UserError(`${where}: a text has no tokens: ${messageOf(error)}`, { cause: error });
      });
    return encodings.map((encoding) => {
      const ids = asText ? encoding.getIds().map(asText.idOf) : encoding.getIds();
      return addSpecial ? Int32Array.from([...startIds, ...ids, ...endIds]) : Int32Array.from(ids);
    });
  };
  const decoder = library.getDecoder();

  return {
    vocabSize,
    startIds,
    specialTokens,
    ...(bosId === undefined ? {} : { bosId }),
    ...(eosId === undefined ? {} : { eosId }),
    ...(padId === undefined ? {} : { padId }),
    encode: async (text, options) => (await encodeAll([text], options))[0]!,
    encodeAll,
    decode(ids, { skipSpecial = false } = {}) {
      const tokens: string[] = [];
      for (let i = 0; i < ids.length; i++) {
        const token = skipSpecial && special.has(ids[i]!) ? null : library.idToToken(ids[i]!);
        if (token !== null) tokens.push(token);
      }
      return decoder ? decoder.decode(tokens) : tokens.join(' ');
    },
    tokenId: (token) => library.tokenToId(token) ?? undefined,
    tokenText: (id) => library.idToToken(id) ?? undefined,
    files: { json: tokenizerJson as TokenizerJson, config: tokenizerConfig },
  };
}

interface Ends {
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly config: z.output<typeof tokenizerConfigSchema>;
}

/**
 * What stands before and behind every text: by the post-processor as in transformers 5, where there is one; by the flags of
 * `tokenizer_config.json` otherwise.
 */
function surrounding(postProcessor: unknown, { bosId, eosId, config }: Ends, where: string): Surrounding {
  if (postProcessor === null || postProcessor === undefined) {
    return {
      startIds: config.add_bos_token && bosId !== undefined ? [bosId] : [],
      endIds: config.add_eos_token && eosId !== undefined ? [eosId] : [],
    };
  }
  try {
    return surroundingIds(postProcessor);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw new UserError(`${where}: post_processor: is not known`, { cause: error });
  }
}
