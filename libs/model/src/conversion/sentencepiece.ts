import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '@gmoe/core';
import protobuf from 'protobufjs';
import { surroundingTemplate, type SurroundingTokens } from '../tokenizer/surrounding-template.js';
import { createTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js';
import { bpeModel } from '../tokenizer/bpe-model.js';
import type { BpeTokenizerJson, TokenizerConfig } from '../tokenizer/tokenizer-json.js';

/** One vocabulary entry of a SentencePiece model; its id is its place. */
export interface Piece {
  /** With ▁ for a space. */
  readonly text: string;
  /** BPE models: the higher, the earlier it was merged. */
  readonly score: number;
  /** `user`: found whole in a text, before anything is merged. */
  readonly kind: 'normal' | 'unknown' | 'control' | 'user' | 'byte';
}

/** The part of google/sentencepiece's sentencepiece_model.proto that is read. */
const { root } = protobuf.parse(
  `syntax = "proto2";
  message Model { repeated Piece pieces = 1; optional Trainer trainer = 2; optional Normalizer normalizer = 3; }
  message Piece { optional string text = 1; optional float score = 2; optional int32 type = 3 [default = 1]; }
  message Trainer { optional int32 model_type = 3 [default = 1]; }
  message Normalizer { optional bytes charsmap = 2; optional bool add_dummy_prefix = 3 [default = true]; }`,
  { keepCase: true },
);
const MODEL = root.lookupType('Model');

const BPE = 2;
const KINDS: Record<number, Piece['kind']> = { 1: 'normal', 2: 'unknown', 3: 'control', 4: 'user', 6: 'byte' };

interface DecodedModel {
  readonly pieces: readonly { text: string; score: number; type: number }[];
  readonly trainer?: { model_type: number };
  readonly normalizer?: { charsmap: Uint8Array; add_dummy_prefix: boolean };
}

/**
 * Reads a SentencePiece `tokenizer.model` of Llama's kind: BPE, no normalisation, one space put before the text. Extra
 * spaces are kept even where the model asks to drop them, as transformers and llama2.c do.
 * @throws UserError if it is malformed or of another kind
 */
export async function readSentencePieceModel(path: string): Promise<Piece[]> {
  let model: DecodedModel;
  try {
    model = MODEL.decode(await readFile(path)) as unknown as DecodedModel;
  } catch (error) {
    throw new UserError(`${path}: is not a SentencePiece model: ${messageOf(error)}`, { cause: error });
  }
  const { pieces, trainer, normalizer } = model;
  if (pieces.length === 0) throw new UserError(`${path}: is not a SentencePiece model: it has no pieces`);
  if (trainer && trainer.model_type !== BPE) {
    throw new UserError(`${path}: SentencePiece model type ${trainer.model_type} is not read; known: 2 (BPE)`);
  }
  if (normalizer && (normalizer.charsmap.length > 0 || !normalizer.add_dummy_prefix)) {
    throw new UserError(
      `${path}: SentencePiece models that normalise text are not read; known: identity with add_dummy_prefix (Llama)`,
    );
  }
  return pieces.map(({ text, score, type }) => {
    const kind = KINDS[type];
    if (!kind) throw new UserError(`${path}: piece '${text}' has the unknown type ${type}`);
    return { text, score, kind };
  });
}

/**
 * The merges of a BPE vocabulary: each way to split a piece in two pieces, best score first.
 * Source: transformers `generate_merges`.
 */
function mergesOf(pieces: readonly Piece[], ids: ReadonlyMap<string, number>): [string, string][] {
  const merges: { left: string; right: string; score: number }[] = [];
  for (const { text, score, kind } of pieces) {
    if (kind !== 'normal') continue;
    const characters = [...text];
    const splits: { left: string; right: string; score: number }[] = [];
    for (let at = 1; at < characters.length; at++) {
      const left = characters.slice(0, at).join('');
      const right = characters.slice(at).join('');
      if (ids.has(left) && ids.has(right)) splits.push({ left, right, score });
    }
    splits.sort((a, b) => ids.get(a.left)! - ids.get(b.left)! || ids.get(a.right)! - ids.get(b.right)!);
    for (const split of splits) merges.push(split);
  }
  const length = (text: string): number => [...text].length;
  merges.sort((a, b) => b.score - a.score || length(b.left) - length(a.left) || length(b.right) - length(a.right));
  return merges.map(({ left, right }) => [left, right]);
}

/** What a SentencePiece vocabulary does not say itself. */
export interface SentencePieceOptions extends SurroundingTokens {
  /** Put a space before the text (Llama; not Gemma). */
  readonly prefixSpace: boolean;
  readonly unknown: string;
  /** The merges, where a file lists them; default by the scores. */
  readonly merges?: [string, string][];
}

/**
 * `tokenizer.json` of a SentencePiece BPE vocabulary: spaces become ▁, characters outside of the vocabulary become bytes.
 * Control pieces are special tokens.
 */
export function sentencePieceJson(pieces: readonly Piece[], options: SentencePieceOptions): BpeTokenizerJson {
  const { prefixSpace, unknown, merges } = options;
  const ids = new Map(pieces.map(({ text }, id) => [text, id]));
  const added = pieces.flatMap(({ text, kind }, id) => {
    const special = kind === 'unknown' || kind === 'control';
    if (!special && kind !== 'user') return [];
    // A piece of user's own that has a ▁ is looked for behind the normalizer, which writes them.
    const normalized = !special && text.includes('▁');
    return [{ id, content: text, single_word: false, lstrip: false, rstrip: false, normalized, special }];
  });
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: prefixSpace ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replace] } : replace,
    pre_tokenizer: null,
    post_processor: surroundingTemplate(options, (token) => ids.get(token)!),
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefixSpace ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: bpeModel(Object.fromEntries(ids), merges ?? mergesOf(pieces, ids), {
      unknown,
      fuseUnknown: true,
      byteFallback: pieces.some(({ kind }) => kind === 'byte'),
    }),
  };
}

/**
 * Llama's tokenizer from its vocabulary; ids 0, 1, 2 are `<unk>`, `<s>`, `</s>`.
 * @throws UserError if those are missing
 */
export function sentencePieceTokenizer(pieces: readonly Piece[], where: string): Tokenizer {
  const [unknown, bos, eos] = pieces;
  if (unknown?.kind !== 'unknown' || bos?.text !== '<s>' || eos?.text !== '</s>') {
    throw new UserError(`${where}: pieces 0, 1, 2 are not the unknown piece, <s> and </s>`);
  }
  const json = sentencePieceJson(pieces, { prefixSpace: true, unknown: unknown.text, bos: bos.text });
  const config: TokenizerConfig = {
    tokenizer_class: 'LlamaTokenizerFast',
    bos_token: '<s>',
    eos_token: '</s>',
    unk_token: unknown.text,
    add_bos_token: true,
    add_eos_token: false,
    clean_up_tokenization_spaces: false,
  };
  return createTokenizer(json, config, where);
}
