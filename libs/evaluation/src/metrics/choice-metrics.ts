import { reliability, softmax } from '@gmoe/core';
import type { Prediction } from '../item.js';
import { wilsonInterval } from './accuracy.js';
import { macroF1 } from './macro-f1.js';

/** A prediction of a question. */
type Answer = Prediction & Required<Pick<Prediction, 'gold' | 'predicted'>>;

/**
 * `eval/accuracy` with its 95 % Wilson interval (`_low`, `_high`), `eval/macro_f1`, `eval/ece`, `eval/examples`.
 * @param probabilities log-scores whose softmax is the model's confidence, per example and option
 */
export function choiceMetrics(
  predictions: readonly Answer[],
  probabilities: readonly (readonly number[])[],
  bins: number,
): Record<string, number> {
  return {
    ...accuracyMetrics(predictions),
    'eval/ece': reliability(
      predictions.map(({ predicted, correct }, i) => ({ confidence: softmax(probabilities[i]!)[predicted]!, correct })),
      bins,
    ).ece,
  };
}

/** `eval/accuracy` with its 95 % Wilson interval (`_low`, `_high`), `eval/macro_f1`, `eval/examples`. */
export function accuracyMetrics(predictions: readonly Answer[]): Record<string, number> {
  const hits = predictions.filter(({ correct }) => correct).length;
  const interval = wilsonInterval(hits, predictions.length);
  return {
    'eval/accuracy': predictions.length === 0 ? 0 : hits / predictions.length,
    'eval/accuracy_low': interval.low,
    'eval/accuracy_high': interval.high,
    'eval/macro_f1': macroF1(
      predictions.map(({ gold }) => gold),
      predictions.map(({ predicted }) => predicted),
    ),
    'eval/examples': predictions.length,
  };
}
