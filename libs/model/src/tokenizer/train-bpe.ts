import { parseOptions, UserError } from '@gmoe/core';
import { z } from 'zod';
import { BYTE_ALPHABET } from './byte-alphabet.js';
import { PairQueue } from './pair-queue.js';
import { BYTE_LEVEL_DECODER, bpeModel } from './bpe-model.js';
import type { BpeTokenizerJson } from './tokenizer-json.js';

/**
 * How text is cut into words before merging: Llama 3's pattern with two changes. Contractions are listed in lower case
 * (JavaScript has no inline `(?i:)` flag on Node 20), and at most two digits stand together (a small vocabulary cannot
 * spare a thousand entries for numbers).
 */
export const WORD_PATTERN =
  "'(?:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,2}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const MAX_VOCAB = 2 ** 20;

export const bpeOptionsSchema = z.strictObject({
  vocabSize: z
    .int()
    .min(257)
    .max(MAX_VOCAB)
    .default(4096)
    .describe('Entries in all: special tokens, 256 bytes and merges'),
  specialTokens: z
    .array(z.string().min(1))
    .default(['<|endoftext|>'])
    .describe('Tokens with the first ids; they never come out of merging'),
  minFrequency: z.int().min(1).default(2).describe('A pair seen less often than this is not merged'),
});

export type BpeOptions = z.input<typeof bpeOptionsSchema>;

/** A distinct word of the corpus as token ids, shrinking as pairs merge. */
interface Word {
  ids: number[];
  readonly count: number;
}

/**
 * Trains a byte-level BPE tokenizer (Sennrich et al. 2016; GPT-2's bytes). Repeats: merge the most frequent adjacent pair
 * over all words; ties take the lower ids. Deterministic, and the same as Hugging Face's `BpeTrainer` on these words. Ids:
 * special tokens, the 256 bytes by their stand-in character, then merges in order.
 *
 * @param texts the corpus; words never span two texts
 * @returns the object to be written as `tokenizer.json`; fewer than `vocabSize` entries if pairs run out
 * @throws UserError on a bad option
 */
export function trainBpe(texts: Iterable<string>, options: BpeOptions = {}): BpeTokenizerJson {
  const { vocabSize, specialTokens, minFrequency } = parseOptions(bpeOptionsSchema, options, 'bpe');
  if (new Set(specialTokens).size !== specialTokens.length) {
    throw new UserError(`bpe: specialTokens: ${JSON.stringify(specialTokens)} holds one token twice`);
  }
  const tokens = [...specialTokens, ...BYTE_ALPHABET.toSorted()];
  if (vocabSize < tokens.length) {
    throw new UserError(
      `bpe: vocabSize: ${vocabSize} is too small; ${specialTokens.length} special tokens and 256 bytes need ${tokens.length}`,
    );
  }
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const pairs = new PairCounts(countWords(texts, ids));
  const merges = new Map<number, [string, string]>();
  while (tokens.length < vocabSize) {
    const pair = pairs.mostFrequent(minFrequency);
    if (pair === undefined) break;
    const left = tokens[leftOf(pair)]!;
    const right = tokens[rightOf(pair)]!;
    let id = ids.get(left + right);
    if (id !== undefined && id < specialTokens.length) {
      pairs.forbid(pair);
      continue;
    }
    // A token may be reached by two pairs (a+bc, ab+c): the second is a merge of its own, but no new token.
    id ??= tokens.push(left + right) - 1;
    ids.set(left + right, id);
    merges.set(pair, [left, right]);
    pairs.merge(pair, id);
  }
  return tokenizerJson(tokens, [...merges.values()], specialTokens);
}

function countWords(texts: Iterable<string>, ids: ReadonlyMap<string, number>): Word[] {
  const counts = new Map<string, number>();
  // JavaScript's \s differs from Unicode's white space, which tokenizers mean by it.
  const unicode = WORD_PATTERN.replaceAll('\\s', '\\p{White_Space}').replaceAll('\\S', '\\P{White_Space}');
  const pattern = new RegExp(unicode, 'gu');
  for (const text of texts) {
    for (const [word] of text.matchAll(pattern)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const encoder = new TextEncoder();
  const byteIds = BYTE_ALPHABET.map((character) => ids.get(character)!);
  return [...counts].map(([word, count]) => ({
    ids: Array.from(encoder.encode(word), (byte) => byteIds[byte]!),
    count,
  }));
}

const pairOf = (left: number, right: number): number => left * MAX_VOCAB + right;
const leftOf = (pair: number): number => Math.floor(pair / MAX_VOCAB);
const rightOf = (pair: number): number => pair % MAX_VOCAB;

/** How often each adjacent pair occurs, kept up to date while pairs merge. */
class PairCounts {
  private readonly counts = new Map<number, number>();
  /** Words that held a pair when last looked at; some no longer do. */
  private readonly holders = new Map<number, Set<Word>>();
  private readonly queue = new PairQueue();
  private readonly forbidden = new Set<number>();

  constructor(words: readonly Word[]) {
    for (const word of words) this.add(word);
    for (const [pair, count] of this.counts) this.queue.push({ pair, count });
  }

  /** The pair to merge next; undefined if none occurs `minCount` times. */
  mostFrequent(minCount: number): number | undefined {
    for (let top = this.queue.pop(); top; top = this.queue.pop()) {
      const count = this.counts.get(top.pair) ?? 0;
      // Counts in the queue are never too low: only pairs with the token just formed grow, and those are queued afresh.
      if (count < minCount || this.forbidden.has(top.pair)) continue;
      if (count === top.count) return top.pair;
      this.queue.push({ pair: top.pair, count });
    }
    return undefined;
  }

  forbid(pair: number): void {
    this.forbidden.add(pair);
  }

  /** Replaces the pair by `id` in every word. */
  merge(pair: number, id: number): void {
    const left = leftOf(pair);
    const right = rightOf(pair);
    const grown = new Set<number>();
    for (const word of this.holders.get(pair) ?? []) {
      this.remove(word);
      const merged: number[] = [];
      const { ids } = word;
      for (let i = 0; i < ids.length; i++) {
        if (ids[i] === left && ids[i + 1] === right) {
          merged.push(id);
          i++;
        } else {
          merged.push(ids[i]!);
        }
      }
      word.ids = merged;
      this.add(word, id, grown);
    }
    this.counts.delete(pair);
    this.holders.delete(pair);
    for (const candidate of grown) this.queue.push({ pair: candidate, count: this.counts.get(candidate)! });
  }

  private add(word: Word, fresh?: number, grown?: Set<number>): void {
    const { ids, count } = word;
    for (let i = 1; i < ids.length; i++) {
      const pair = pairOf(ids[i - 1]!, ids[i]!);
      this.counts.set(pair, (this.counts.get(pair) ?? 0) + count);
      if (fresh !== undefined && ids[i - 1] !== fresh && ids[i] !== fresh) continue;
      grown?.add(pair);
      const holders = this.holders.get(pair);
      if (holders) holders.add(word);
      else this.holders.set(pair, new Set([word]));
    }
  }

  private remove({ ids, count }: Word): void {
    for (let i = 1; i < ids.length; i++) {
      const pair = pairOf(ids[i - 1]!, ids[i]!);
      this.counts.set(pair, (this.counts.get(pair) ?? 0) - count);
    }
  }
}

function tokenizerJson(
  tokens: readonly string[],
  merges: [string, string][],
  specialTokens: readonly string[],
): BpeTokenizerJson {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: WORD_PATTERN }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: BYTE_LEVEL_DECODER,
    model: bpeModel(Object.fromEntries(tokens.map((token, id) => [token, id])), merges),
  };
}
