import { UserError } from '@gmoe/core';
import { describe, expect, it } from 'vitest';
import { WORD_SPLITS } from '../gguf/pre-tokenizers.js';
import { patternWays } from './pattern-ways.js';
import { createTokenizer } from './tokenizer.js';
import { trainBpe } from './train-bpe.js';

describe('patternWays', () => {
  it.each([
    '(a+)+$',
    '(a|aa)+$',
    '(.*)*b',
    '(?:(?:a*)*)*c',
    'a*a*b',
    '(?:a+b?)+$',
    '((a{1,40}){1,40}){1,400}x',
    '(\\w+\\s?)*$',
    '(a)(?:\\1)+b',
    '(?x)(a+ # )\n)+',
    '(a+\\c))+',
    '('.repeat(200),
    'a'.repeat(20_000),
  ])('refuses %s', (pattern) => {
    expect(patternWays(pattern).problem).toMatch(/several ways|very many ways|not known|deep|at most/);
  });

  const published = [
    ...Object.values(WORD_SPLITS).flatMap(({ pattern }) => (pattern === undefined ? [] : [pattern])),
    // o200k, DeepSeek-V3, Command-R, BLOOM, digits from the right.
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
    '\\d{1,3}(?=(?:\\d{3})*\\b)',
    ' ?[^(\\s|[.,!?…。，、।۔،])]+',
    '(?=(\\d{3})+(?!\\d))',
    '[一-龥぀-ゟ゠-ヿ]+',
  ];
  it.each(published)('reads the published %s', (pattern) => {
    expect(patternWays(pattern).problem).toBeUndefined();
  });

  it.each([
    ['abc|d', 1],
    ['a{3}b?', 3],
    ['[^\\]a]x*', 1],
    ['(?=abc)', 0],
    ['\\p{L}{2,4}\\b', 2],
    ['(?i:ab)(?:c|de)', 3],
    ['', 0],
  ])('%s needs %s characters', (pattern, least) => {
    expect(patternWays(pattern)).toEqual({ least, problem: undefined });
  });
});

describe("a stranger's tokenizer", () => {
  const good = trainBpe(['some text'], { vocabSize: 260 });
  const replace = (pattern: object, content: string) => ({ type: 'Replace', pattern, content });
  it.each<[string, object, RegExp]>([
    [
      'three million entries',
      { model: { vocab: new Array(1_100_000).fill(['x', 0]) } },
      /model\.vocab: has 1100000 entries, at most/,
    ],
    ['merges', { model: { vocab: {}, merges: new Array(1 << 21).fill('a b') } }, /model\.merges: has 2097152 entries/],
    ['added tokens', { added_tokens: new Array(70_000).fill({ id: 1, content: 'x' }) }, /added_tokens: has 70000/],
    [
      'a pattern that runs away',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Split', pattern: { Regex: '(a+)+$' } }] } },
      /pre_tokenizer: pattern: repeats a part .* \(got \(a\+\)\+\$\)/,
    ],
    [
      'replacements that grow',
      { normalizer: { type: 'Sequence', normalizers: new Array(6).fill(replace({ String: 'x' }, 'x'.repeat(100))) } },
      /normalizer: a text would grow 1000000000000 times/,
    ],
    [
      'bytes of bytes of bytes',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: new Array(21).fill({ type: 'ByteLevel' }) } },
      /pre_tokenizer: a text would grow 2097152 times/,
    ],
    ['steps', { decoder: { type: 'Sequence', decoders: new Array(1000).fill({ type: 'Fuse' }) } }, /has 1000 steps/],
    ['a replacement of nothing', { normalizer: replace({ Regex: 'x*' }, 'y') }, /matches the empty text/],
    [
      'a long prefix',
      { normalizer: { type: 'Prepend', prepend: 'x'.repeat(1e7) } },
      /prepend: has 10000000 characters/,
    ],
    [
      'words without end',
      { model: { vocab: {}, max_input_chars_per_word: 1e9 } },
      /max_input_chars_per_word: at most 10000/,
    ],
  ])('%s: refused in one line', (_, change, message) => {
    let thrown: unknown;
    try {
      createTokenizer({ ...good, ...change });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as Error).message.length).toBeLessThan(300);
  });
});
