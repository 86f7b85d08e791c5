export { bundledDataDir } from './bundled/bundled-data.js';
export { pretrainingText, type PretrainingText } from './language-model/pretraining-text.js';
export {
  heldOutBatches,
  languageModelBatchCount,
  languageModelBatches,
  type LanguageModelBatch,
  type LanguageModelOptions,
} from './language-model/language-model-batches.js';
