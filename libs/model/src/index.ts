export { bpeOptionsSchema, trainBpe, type BpeOptions } from './tokenizer/train-bpe.js';
export { createTokenizer, loadTokenizer, type EncodeOptions, type Tokenizer } from './tokenizer/tokenizer.js';
export type { TokenizerConfig, TokenizerJson } from './tokenizer/tokenizer-json.js';
