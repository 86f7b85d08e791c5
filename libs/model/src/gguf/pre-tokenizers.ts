/** How a byte-level vocabulary cuts text into words, as its own `tokenizer.json` has it. */
export interface WordSplit {
  /** One piece each match and what lies between; absent: GPT-2's own pattern. */
  readonly pattern?: string;
  /** Every digit of any script stands alone; before the pattern. */
  readonly digits?: boolean;
  readonly normalizer?: 'NFC';
  /** A word that is a token is that token, whatever its merges say. */
  readonly ignoreMerges?: boolean;
  /** Put BOS before a text where the file does not say. */
  readonly addBos?: boolean;
}

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const REST = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const UPPER = '\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}';
const LOWER = '\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}';
const LEAD = '[^\\r\\n\\p{L}\\p{N}]?';

/** Words of letters, with numbers of at most so many digits. */
const words = (digits: string): string =>
  `${CONTRACTIONS}|${LEAD}\\p{L}+|\\p{N}${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${REST}`;

/** Words in which a capital begins a new piece. */
const casedWords = (end: string, digits: string): string =>
  `${LEAD}[${UPPER}]*[${LOWER}]+${end}|${LEAD}[${UPPER}]+[${LOWER}]*${end}|\\p{N}${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${REST}`;

const GPT2: WordSplit = {};
const SINGLE_DIGITS: WordSplit = { digits: true };
const LLAMA3: WordSplit = { pattern: words('{1,3}'), ignoreMerges: true, addBos: true };
const QWEN2: WordSplit = { pattern: words(''), normalizer: 'NFC' };
const GPT4O: WordSplit = { pattern: casedWords(`${CONTRACTIONS}?`, '{1,3}') };

/**
 * `tokenizer.ggml.pre`: the name of a pre-tokenizer. Source: llama.cpp's table (llama-vocab.cpp), with the patterns of the
 * models' own files where it approximates them.
 */
export const WORD_SPLITS: Readonly<Record<string, WordSplit>> = {
  'gpt-2': GPT2,
  gpt2: GPT2,
  'phi-2': GPT2,
  mpt: GPT2,
  olmo: GPT2,
  trillion: GPT2,
  'granite-docling': GPT2,
  smollm: SINGLE_DIGITS,
  starcoder: SINGLE_DIGITS,
  refact: SINGLE_DIGITS,
  'command-r': { digits: true, normalizer: 'NFC' },
  codeshell: SINGLE_DIGITS,
  exaone: SINGLE_DIGITS,
  'minerva-7b': SINGLE_DIGITS,
  llama3: LLAMA3,
  'llama-v3': LLAMA3,
  'llama-bpe': LLAMA3,
  falcon3: LLAMA3,
  pixtral: LLAMA3,
  dbrx: { pattern: words('{1,3}') },
  'smaug-bpe': { pattern: words('{1,3}') },
  qwen2: QWEN2,
  'deepseek-r1-qwen': QWEN2,
  megrez: QWEN2,
  stablelm2: { pattern: words('') },
  tekken: { pattern: casedWords('', ''), ignoreMerges: true, addBos: true },
  'gpt-4o': GPT4O,
  llama4: { ...GPT4O, ignoreMerges: true, addBos: true },
};
