import { BYTE_ALPHABET } from '../tokenizer/byte-alphabet.js';
import { BYTE_LEVEL_DECODER } from '../tokenizer/bpe-model.js';
import type { BpeTokenizerJson } from '../tokenizer/tokenizer-json.js';

/** How Qwen splits text before merging bytes. */
export const QWEN_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/**
 * A `tokenizer.json` from a tiktoken ranks file (`base64 rank` per line): each token's merge is the pair that is left when
 * its bytes are merged with the ranks below its own. Source: transformers `TikTokenConverter`.
 */
export function tiktokenJson(
  ranksFile: string,
  pattern: string,
  added: readonly string[],
  normalizer: object | null,
): BpeTokenizerJson {
  // Latin-1 strings: one character per byte.
  const ranks = new Map<string, number>();
  for (const line of ranksFile.split('\n').filter(Boolean)) {
    const [token, rank] = line.split(' ') as [string, string];
    ranks.set(Buffer.from(token, 'base64').toString('latin1'), Number(rank));
  }
  const printed = (token: string): string => Array.from(token, (byte) => BYTE_ALPHABET[byte.charCodeAt(0)]!).join('');
  const merges: [string, string][] = [];
  for (const [token, rank] of ranks) {
    if (token.length < 2) continue;
    const parts = [...token];
    for (;;) {
      let best = -1;
      let bestRank = rank;
      for (let i = 0; i + 1 < parts.length; i++) {
        const merged = ranks.get(parts[i]! + parts[i + 1]!);
        if (merged !== undefined && merged < bestRank) [best, bestRank] = [i, merged];
      }
      if (best < 0) break;
      parts.splice(best, 2, parts[best]! + parts[best + 1]!);
    }
    if (parts.length === 2) merges.push([printed(parts[0]!), printed(parts[1]!)]);
  }
  return {
    added_tokens: added.map((content, i) => ({ id: ranks.size + i, content, special: true, normalized: false })),
    normalizer,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: BYTE_LEVEL_DECODER,
    model: {
      type: 'BPE',
      vocab: Object.fromEntries([...ranks].map(([token, rank]) => [printed(token), rank])),
      merges,
    },
  };
}
