export { chatTemplateOf } from './chat/tokenizer-chat-template.js';
export { createChatTemplate, type ChatMessage, type ChatTemplate, type RenderedChat } from './chat/chat-template.js';
export { bpeOptionsSchema, trainBpe, type BpeOptions } from './tokenizer/train-bpe.js';
export { createTokenizer, loadTokenizer, type EncodeOptions, type Tokenizer } from './tokenizer/tokenizer.js';
export type { BpeTokenizerJson, TokenizerConfig, TokenizerJson } from './tokenizer/tokenizer-json.js';
export {
  attentionOfLayer,
  PRE_NORMS,
  SITE_NAMES,
  SITES_BY_INPUT,
  type Activation,
  type FusedProjection,
  type LayerAttention,
  type LayerNorms,
  type ModelConfig,
  type NormKind,
  type SiteName,
} from './config/model-config.js';
export type { Rope, RopeScaling } from './config/rope.js';
export { familiesOf, familyKind, parseModelConfig, type ModelFamily } from './family/model-family.js';
export { defineFamily, describeFamily, type FamilyDescription, type FamilyMaths } from './family/describe-family.js';
export { activation, layerTypes, only, positive, size, type CoreFields } from './family/config-fields.js';
export { familyContract } from './contract/family-contract.js';
export { readRope, type RopeDescription, type RopeFields } from './family/rope-fields.js';
export { typesOfLayers, windowsOfLayers } from './family/window-fields.js';
export { initWeights } from './config/init-weights.js';
export {
  countParameters,
  siteHasBias,
  sitePath,
  sitePaths,
  siteShape,
  weightShapes,
  type Site,
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
export {
  loadModel,
  loadModelConfig,
  loadWeights,
  STORED_WEIGHTS,
  type LoadedModel,
  type LoadWeightsOptions,
  type StoredWeights,
} from './checkpoint/load-model.js';
export { saveModel, type ModelParts } from './checkpoint/save-model.js';
export { fusedRows, fuseWeights, storedShapes, type StoredRows } from './checkpoint/fused-weights.js';
export { patternWays } from './tokenizer/pattern-ways.js';
export { readModelText } from './checkpoint/json-file.js';
export { openCheckpoint, type Checkpoint } from './checkpoint/checkpoint.js';
export { readSafetensors, SafetensorsFile } from './checkpoint/safetensors-reader.js';
export { carryOver } from './checkpoint/carry-over.js';
export { FLOAT_TYPES, writeSafetensors, type FloatType, type WriteOptions } from './checkpoint/safetensors-writer.js';
export { convertLlama2c } from './conversion/llama2c.js';
export { readSentencePieceModel, sentencePieceTokenizer, type Piece } from './conversion/sentencepiece.js';
export { decodeStep, prefill, writeSlot, type CachedPass, type DecodedStep, type KvCache } from './decoder/kv-cache.js';
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
export { convertGguf } from './gguf/convert-gguf.js';
export { ggufFolder, ggufModelType, isGgufPath } from './gguf/gguf-copy.js';
