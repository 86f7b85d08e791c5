export { bundledDataDir } from './bundled/bundled-data.js';
export {
  isChat,
  isChoice,
  SPLITS,
  type ChatExample,
  type ChatMessage,
  type ChoiceExample,
  type Example,
  type Split,
  type TextExample,
  type TextPart,
} from './example.js';
export {
  cutPrompt,
  isText,
  type EncodedChoice,
  type EncodedExample,
  type EncodedText,
  type TokenSpan,
} from './encoding/encoded-example.js';
export type { ChatWriter, Encoder, EncodingOptions } from './encoding/encoder.js';
export { encodeExamples } from './encoding/encode-examples.js';
export { taskContract } from './contract/task-contract.js';
export { fitText, type FittedText } from './packing/fit-text.js';
export { harnessExample, type HarnessQuestion } from './prompting/harness.js';
export { capitalized } from './prompting/python-text.js';
export { defineTask, taskKind, taskOptions, type Task, type TaskComponent, type TaskOptions } from './task.js';
export {
  dataReport,
  splitDigest,
  splitReport,
  splitSummary,
  type DataReport,
  type SplitReport,
  type TokenReport,
} from './report/data-report.js';
export { reportText } from './report/report-text.js';
export type { DropReason, SplitOrigin } from './splits/split-origin.js';
export { taskDefinitions } from './tasks/index.js';
export { publishedTask, type PublishedTask } from './tasks/published-task.js';
export { choiceExample, choiceTaskOptions, lettered } from './tasks/choices.js';
export { byKeyedRank, keyedRank, keyedSample } from './order/keyed-order.js';
export { jsonLineRows } from './files/json-lines.js';
export { csvRows, tsvRows } from './files/delimited.js';
export { parseRow, rowError, type Row } from './files/row.js';
export type { TextFile } from './files/text-file.js';
export type { Layout } from './splits/layout.js';
export type { RowResult } from './splits/task-splits.js';
export {
  trainingBatches,
  type PackedBatch,
  type TrainingBatches,
  type TrainingBatchOptions,
} from './packing/training-batches.js';
export { TRAINING_TARGETS, type TrainingTargets } from './packing/training-sequence.js';
export { pretrainingText, type PretrainingText } from './language-model/pretraining-text.js';
export {
  heldOutBatches,
  languageModelBatchCount,
  languageModelBatches,
  type LanguageModelBatch,
  type LanguageModelOptions,
} from './language-model/language-model-batches.js';
