import { UserError } from '@gmoe/core';
import { sentencePieceJson, type Piece } from '../conversion/sentencepiece.js';
import { BYTE_LEVEL_DECODER, bpeModel } from '../tokenizer/bpe-model.js';
import { surroundingTemplate, type SurroundingTokens } from '../tokenizer/surrounding-template.js';
import type { BpeTokenizerJson, TokenizerConfig } from '../tokenizer/tokenizer-json.js';
import type { GgufFile } from './gguf-file.js';
import { WORD_SPLITS } from './pre-tokenizers.js';

const key = (name: string): string => `tokenizer.ggml.${name}`;

/** `tokenizer.ggml.token_type`. */
const KINDS: Readonly<Record<number, Piece['kind']>> = {
  1: 'normal',
  2: 'unknown',
  3: 'control',
  4: 'user',
  5: 'normal',
  6: 'byte',
};

/** `tokenizer.json` and `tokenizer_config.json` of a model. */
export interface TokenizerFiles {
  readonly json: BpeTokenizerJson;
  readonly config: TokenizerConfig;
}

/**
 * The tokenizer that a GGUF file describes: byte-level BPE (`gpt2`) with its named pre-tokenizer, or SentencePiece (`llama`).
 * @throws UserError if it is of another kind, or malformed
 */
export function ggufTokenizer(file: GgufFile, architecture: string): TokenizerFiles {
  const { metadata, path } = file;
  const kind = metadata.text(key('model'));
  const texts = metadata.texts(key('tokens'));
  if (!texts || texts.length === 0) throw new UserError(`${path}: ${key('tokens')}: is missing`);
  const twice = texts.length - new Set(texts).size;
  if (twice > 0) throw new UserError(`${path}: ${key('tokens')}: holds ${twice} tokens twice`);
  const kinds = metadata.numbers(key('token_type'));
  for (const name of ['token_type', 'scores']) {
    const count = metadata.numbers(key(name))?.length ?? texts.length;
    if (count !== texts.length) {
      throw new UserError(`${path}: ${key(name)}: has ${count} entries for ${texts.length} tokens`);
    }
  }
  const kindOf = (id: number): Piece['kind'] => KINDS[kinds?.[id] ?? 1] ?? 'normal';
  const tokens = { texts, kindOf };
  if (kind === 'gpt2') return byteLevel(file, tokens);
  if (kind === 'llama') return sentencePiece(file, tokens, architecture);
  throw new UserError(`${path}: ${key('model')}: is not known; known: gpt2, llama (got ${kind ?? 'nothing'})`);
}

interface Tokens {
  readonly texts: readonly string[];
  readonly kindOf: (id: number) => Piece['kind'];
}

function byteLevel(file: GgufFile, { texts, kindOf }: Tokens): TokenizerFiles {
  const { metadata, path } = file;
  const pre = metadata.text(key('pre'));
  const split = pre !== undefined && Object.hasOwn(WORD_SPLITS, pre) ? WORD_SPLITS[pre]! : undefined;
  if (!split) {
    throw new UserError(
      `${path}: ${key('pre')}: the pre-tokenizer is not known; known: ${Object.keys(WORD_SPLITS).join(', ')} (got ${pre ?? 'nothing'})`,
    );
  }
  const { pattern, digits = false, normalizer, ignoreMerges = false, addBos = false } = split;
  const useRegex = pattern === undefined;
  const byteLevelPart = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: useRegex };
  const parts = [
    ...(digits ? [{ type: 'Digits', individual_digits: true }] : []),
    ...(useRegex ? [] : [{ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }]),
    byteLevelPart,
  ];
  const added = texts.flatMap((content, id) => {
    const kind = kindOf(id);
    if (kind !== 'control' && kind !== 'user') return [];
    const special = kind === 'control';
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
  const merges = readMerges(file, new Set(texts));
  if (!merges) throw new UserError(`${path}: ${key('merges')}: is missing`);
  const config = tokenizerConfig(file, texts, 'PreTrainedTokenizerFast', addBos);
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: normalizer ? { type: normalizer } : null,
      pre_tokenizer: parts.length === 1 ? byteLevelPart : { type: 'Sequence', pretokenizers: parts },
      post_processor: surroundingTemplate(surroundingOf(config), (token) => texts.indexOf(token)),
      decoder: BYTE_LEVEL_DECODER,
      model: bpeModel(Object.fromEntries(texts.map((text, id) => [text, id])), merges, { ignoreMerges }),
    },
    config,
  };
}

function sentencePiece(file: GgufFile, { texts, kindOf }: Tokens, architecture: string): TokenizerFiles {
  const { metadata, path } = file;
  const scores = metadata.numbers(key('scores'));
  if (!scores) throw new UserError(`${path}: ${key('scores')}: is missing`);
  const isGemma = architecture.startsWith('gemma');
  const pieces = texts.map((text, id): Piece => ({
    // Gemma's files hold runs of spaces as they are. Its merges go by the places in the vocabulary, not by the scores.
    text: isGemma && text !== '' && text.trim() === '' && text.includes(' ') ? text.replaceAll(' ', '▁') : text,
    score: isGemma ? -id : scores[id]!,
    kind: kindOf(id),
  }));
  const config = tokenizerConfig(file, texts, isGemma ? 'GemmaTokenizerFast' : 'LlamaTokenizerFast', true);
  const unknown = pieces.find(({ kind }) => kind === 'unknown')?.text ?? (config.unk_token as string | undefined);
  if (unknown === undefined) throw new UserError(`${path}: ${key('token_type')}: no token is the unknown one`);
  const merges = readMerges(file, new Set(pieces.map(({ text }) => text)));
  return {
    json: sentencePieceJson(pieces, {
      prefixSpace: metadata.flag(key('add_space_prefix')) ?? !isGemma,
      unknown,
      ...surroundingOf(config),
      ...(merges ? { merges } : {}),
    }),
    config,
  };
}

/** The tokens that the flags put before and behind every text. Readers of a `tokenizer.json` go by its template, not by the flags. */
function surroundingOf({ add_bos_token, bos_token, add_eos_token, eos_token }: TokenizerConfig): SurroundingTokens {
  return {
    ...(add_bos_token ? { bos: bos_token as string } : {}),
    ...(add_eos_token ? { eos: eos_token as string } : {}),
  };
}

/** Merges as pairs. A space parts the two, which are not empty; neither holds one. */
function readMerges({ metadata, path }: GgufFile, known: ReadonlySet<string>): [string, string][] | undefined {
  return metadata.texts(key('merges'))?.map((merge) => {
    const at = merge.indexOf(' ', 1);
    const pair: [string, string] = [merge.slice(0, at), merge.slice(at + 1)];
    if (at < 0 || !known.has(pair[0]) || !known.has(pair[1]) || !known.has(pair.join(''))) {
      throw new UserError(`${path}: ${key('merges')}: '${merge}' does not join two tokens to one`);
    }
    return pair;
  });
}

function tokenizerConfig(
  { metadata, path }: GgufFile,
  texts: readonly string[],
  className: string,
  addBos: boolean,
): TokenizerConfig {
  const named = (name: string): string | undefined => {
    const id = metadata.number(key(name));
    if (id === undefined) return undefined;
    const text = texts[id];
    if (text === undefined) throw new UserError(`${path}: ${key(name)}: ${id} is not in the vocabulary`);
    return text;
  };
  const [bos, eos] = [named('bos_token_id'), named('eos_token_id')];
  const [unknown, pad] = [named('unknown_token_id'), named('padding_token_id')];
  const template = metadata.text('tokenizer.chat_template');
  const addBosToken = metadata.flag(key('add_bos_token')) ?? addBos;
  return {
    tokenizer_class: className,
    ...(bos === undefined ? {} : { bos_token: bos }),
    ...(eos === undefined ? {} : { eos_token: eos }),
    ...(unknown === undefined ? {} : { unk_token: unknown }),
    ...(pad === undefined ? {} : { pad_token: pad }),
    add_bos_token: addBosToken && bos !== undefined,
    add_eos_token: (metadata.flag(key('add_eos_token')) ?? false) && eos !== undefined,
    clean_up_tokenization_spaces: false,
    ...(template === undefined ? {} : { chat_template: template }),
  };
}

/** Tokens that end a text: of the text, of a turn and of a message. */
export function endTokenIds({ metadata }: GgufFile): number[] {
  const ids = ['eos_token_id', 'eot_token_id', 'eom_token_id'].map((name) => metadata.number(key(name)));
  return [...new Set(ids.filter((id) => id !== undefined))];
}
