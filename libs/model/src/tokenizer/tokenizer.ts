import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { messageOf, parseOptions, UserError } from '@gmoe/core';
import { z } from 'zod';
import { readJsonFile } from '../checkpoint/json-file.js';
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
  /** What the tokenizer's own files put before a text: BOS for Llama, nothing for Qwen. */
  readonly startIds: readonly number[];
  /** The special tokens as they are written out in a text. */
  readonly specialTokens: readonly string[];
  /** Token ids of a text. Special tokens written out in the text are recognised, as in Hugging Face tokenizers. */
  encode(text: string, options?: EncodeOptions): Int32Array;
  /** The text of token ids, unpolished: no spaces are cleaned up. Special tokens are written out unless skipped. */
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
 * @throws UserError if the tokenizer is missing, malformed or of another kind than BPE
 */
export async function loadTokenizer(dir: string): Promise<Tokenizer> {
  const path = join(dir, 'tokenizer.json');
  const json = await readJsonFile(path, z.looseObject({}));
  if (!json) throw new UserError(`${path}: no such file; a model folder needs its tokenizer.json`);
  const config = await readJsonFile(join(dir, 'tokenizer_config.json'), tokenizerConfigSchema);
  return createTokenizer(json, config ?? {}, path);
}

/**
 * A tokenizer from the contents of its files.
 * @param where prefix of messages
 * @throws UserError if they are malformed
 */
export function createTokenizer(
  tokenizerJson: unknown,
  tokenizerConfig: TokenizerConfig = {},
  where = 'tokenizer.json',
): Tokenizer {
  const json = parseOptions(tokenizerJsonSchema, tokenizerJson, where);
  const config = parseOptions(tokenizerConfigSchema, tokenizerConfig, where);
  const complete = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...json };
  const open = (parts: typeof complete): HuggingFaceTokenizer => {
    try {
      // The library's lossy clean-up of spaces and its old lower-casing flags stay off.
      return new HuggingFaceTokenizer(parts, { clean_up_tokenization_spaces: false });
    } catch (error) {
      throw new UserError(`${where}: ${messageOf(error)}`, { cause: error });
    }
  };
  const library = open(complete);
  const specials = json.added_tokens.filter((token) => token.special);
  const special = new Set(specials.map(({ id }) => id));
  const specialTokens = specials.map(({ content }) => content);
  let withoutSpecials: HuggingFaceTokenizer | undefined;
  /** The library for a text whose special tokens are text; opened when there is such a text. */
  const textLibrary = (text: string): HuggingFaceTokenizer => {
    if (!specialTokens.some((token) => text.includes(token))) return library;
    const plain = json.added_tokens.filter((token) => !token.special);
    return (withoutSpecials ??= open({ ...complete, added_tokens: plain, post_processor: null }));
  };
  let vocabSize = 0;
  for (const id of Object.values(json.model.vocab)) vocabSize = Math.max(vocabSize, id + 1);
  for (const { id } of json.added_tokens) vocabSize = Math.max(vocabSize, id + 1);

  const named = (kind: 'bos_token' | 'eos_token' | 'pad_token'): number | undefined => {
    const token = config[kind];
    if (token === null || token === undefined) return undefined;
    const id = library.token_to_id(token);
    if (id === undefined) throw new UserError(`${where}: ${kind}: '${token}' is not in the vocabulary`);
    return id;
  };
  const bosId = named('bos_token');
  const eosId = named('eos_token');
  const padId = named('pad_token');

  const encode = (text: string, { addSpecial = false, specialAsText = false }: EncodeOptions = {}): Int32Array => {
    const { ids: plain } = (specialAsText ? textLibrary(text) : library).encode(text, { add_special_tokens: false });
    if (!addSpecial) return Int32Array.from(plain);
    return Int32Array.from([...startIds, ...plain, ...endIds]);
  };
  const { startIds, endIds } = addedIds(library, { bosId, eosId, config });

  return {
    vocabSize,
    startIds,
    specialTokens,
    ...(bosId === undefined ? {} : { bosId }),
    ...(eosId === undefined ? {} : { eosId }),
    ...(padId === undefined ? {} : { padId }),
    encode,
    decode(ids, { skipSpecial = false } = {}) {
      const kept = skipSpecial ? Array.from(ids).filter((id) => !special.has(id)) : Array.from(ids);
      return kept.length === 0 ? '' : library.decode(kept);
    },
    tokenId: (token) => library.token_to_id(token),
    tokenText: (id) => library.id_to_token(id),
    files: { json: tokenizerJson as TokenizerJson, config: tokenizerConfig },
  };
}

interface Ends {
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly config: z.output<typeof tokenizerConfigSchema>;
}

/** What stands before and behind every text: by the post-processor, and by `add_bos_token` and `add_eos_token` where they are set. */
function addedIds(library: HuggingFaceTokenizer, { bosId, eosId, config }: Ends) {
  const text = 'a';
  const bare = library.encode(text, { add_special_tokens: false }).ids;
  const whole = library.encode(text, { add_special_tokens: true }).ids;
  const at = whole.findIndex((_, i) => bare.every((id, j) => whole[i + j] === id));
  const startIds = whole.slice(0, Math.max(0, at));
  const endIds = at < 0 ? [] : whole.slice(at + bare.length);
  const { add_bos_token: addBos, add_eos_token: addEos } = config;
  if (bosId !== undefined && addBos === true && startIds[0] !== bosId) startIds.unshift(bosId);
  if (bosId !== undefined && addBos === false && startIds[0] === bosId) startIds.shift();
  if (eosId !== undefined && addEos === true && endIds.at(-1) !== eosId) endIds.push(eosId);
  if (eosId !== undefined && addEos === false && endIds.at(-1) === eosId) endIds.pop();
  return { startIds, endIds };
}
