export { evaluationSchema, type EvaluationOptions } from './options.js';
export type { EvaluationItem, Prediction } from './item.js';
export { createEvaluator, type EvaluationResult, type Evaluator } from './evaluator.js';
export type { EvaluatedModel, EvaluatedTensors } from './program.js';
export { createPerplexity, type LanguageModelBatch, type PerplexityResult } from './perplexity.js';
export { wilsonInterval, type Interval } from './metrics/accuracy.js';
export { macroF1 } from './metrics/macro-f1.js';
export { expectedCalibrationError, softmax } from './metrics/calibration.js';
export { choiceMetrics } from './metrics/choice-metrics.js';
