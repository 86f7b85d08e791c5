export { bpeOptionsSchema, trainBpe, type BpeOptions } from './tokenizer/train-bpe.js';
export { createTokenizer, loadTokenizer, type EncodeOptions, type Tokenizer } from './tokenizer/tokenizer.js';
export type { BpeTokenizerJson, TokenizerConfig, TokenizerJson } from './tokenizer/tokenizer-json.js';
export { parseModelConfig, type Llama3RopeScaling, type ModelConfig } from './config/model-config.js';
export { toConfigJson } from './config/config-json.js';
export { initWeights } from './config/init-weights.js';
export {
  countParameters,
  SITE_NAMES,
  siteHasBias,
  sitePath,
  siteShape,
  weightShapes,
  type Site,
  type SiteName,
} from './config/weight-shapes.js';
export {
  decoderHidden,
  decoderLogits,
  type BaseFfn,
  type DecoderBatch,
  type DecoderHooks,
  type DecoderOptions,
  type Weights,
} from './decoder/decoder.js';
export { loadModel, loadModelConfig, loadWeights, type LoadedModel } from './checkpoint/load-model.js';
export { saveModel, type ModelParts } from './checkpoint/save-model.js';
export { openCheckpoint, type Checkpoint } from './checkpoint/checkpoint.js';
export { readSafetensors, SafetensorsFile } from './checkpoint/safetensors-reader.js';
export { FLOAT_TYPES, writeSafetensors, type FloatType, type WriteOptions } from './checkpoint/safetensors-writer.js';
export { convertLlama2c } from './conversion/llama2c.js';
export { readSentencePieceModel, sentencePieceTokenizer, type Piece } from './conversion/sentencepiece.js';
export { decodeStep, prefill, type CachedPass, type KvCache } from './decoder/kv-cache.js';
export {
  createGenerator,
  generateOptionsSchema,
  type GenerateOptions,
  type GenerationModel,
  type Generator,
} from './generation/generate.js';
export {
  perplexity,
  perplexityOptionsSchema,
  type Perplexity,
  type PerplexityOptions,
  type ScoredModel,
} from './generation/perplexity.js';
export type { FixedAdapter } from './generation/fixed-adapter.js';
export { createTextStream, type TextStream } from './generation/text-stream.js';
export { writeNewFolder } from './checkpoint/new-folder.js';
export { QWEN_PATTERN, tiktokenJson } from './conversion/tiktoken.js';
export { weightsFor } from './decoder/compute.js';
