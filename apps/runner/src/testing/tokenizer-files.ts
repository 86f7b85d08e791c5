import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainBpe } from '@gmoe/model';

const added = ['<s>', '</s>', '<unk>'].map((content, id) => ({ id, content, special: true }));
const split = (pattern: object, behavior: string) => ({ type: 'Split', pattern, behavior, invert: false });
const replace = (pattern: object, content: string) => ({ type: 'Replace', pattern, content });
const letters = Array.from('abcdefghijklmnopqrstuvwxyz ST,', (letter) => letter);

const surroundings = {
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
};

/** A `tokenizer.json` of each kind of model, with parts of every kind beside it. */
const FILES = {
  BPE: () => ({
    ...trainBpe(['some text'], { vocabSize: 262, specialTokens: added.map(({ content }) => content) }),
    added_tokens: added,
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'NFC' }, replace({ Regex: ' {2,}' }, '▁'), { type: 'Lowercase' }],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        split({ Regex: '\\p{N}{1,3}| ?\\p{L}+|\\s+(?!\\S)|\\s+' }, 'Isolated'),
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: surroundings,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  }),
  Unigram: () => ({
    version: '1.0',
    added_tokens: added,
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'Prepend', prepend: '▁' }, replace({ String: ' ' }, '▁'), { type: 'StripAccents' }],
    },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
    post_processor: surroundings,
    decoder: {
      type: 'Sequence',
      decoders: [
        replace({ String: '▁' }, ' '),
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'Unigram',
      unk_id: 2,
      byte_fallback: false,
      vocab: [
        ...added.map(({ content }) => [content, 0]),
        ['▁', -2],
        ...letters.map((letter) => [letter, -3]),
        ['▁text', -4],
      ],
    },
  }),
  WordPiece: () => ({
    version: '1.0',
    added_tokens: added,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [{ type: 'BertPreTokenizer' }, { type: 'Punctuation', behavior: 'Isolated' }],
    },
    post_processor: surroundings,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '<unk>',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(
        [...added.map(({ content }) => content), ...letters, ...letters.map((letter) => `##${letter}`)].map(
          (token, id) => [token, id],
        ),
      ),
    },
  }),
};

export const writeTokenizer =
  (model: keyof typeof FILES) =>
  (folder: string): void => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(FILES[model]()));
  };
