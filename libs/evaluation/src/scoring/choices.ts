import { UserError, largest } from '@gmoe/core';
import { isTextItem, type ChoiceItem, type EvaluationItem, type Prediction } from '../item.js';
import { choiceMetrics } from '../metrics/choice-metrics.js';
import type { EvaluationSettings } from '../options.js';

/** Metrics of questions that are answered by the options' probabilities. */
export const CHOICE_METRICS = [
  'eval/accuracy',
  'eval/accuracy_low',
  'eval/accuracy_high',
  'eval/macro_f1',
  'eval/ece',
  'eval/loss',
  'eval/examples',
  'eval/truncated',
] as const;

/** An item as the question that it is. @throws UserError if it is a text */
export function question(item: EvaluationItem, scoring: string): ChoiceItem {
  if (!isTextItem(item)) return item;
  throw new UserError(
    `evaluation.scoring: '${scoring}' chooses among options, and example ${item.id} is a text without any; use perplexity or generation`,
  );
}

/** @throws UserError on a question that cannot be scored, whatever the scoring */
export function checkChoices(
  { id, promptIds, optionIds, gold }: ChoiceItem,
  { sequenceLength }: EvaluationSettings,
): void {
  if (promptIds.length === 0) throw new UserError(`example ${id}: the prompt has no tokens`);
  if (optionIds.length < 2 || optionIds.some((ids) => ids.length === 0)) {
    throw new UserError(`example ${id}: needs at least two options of at least one token`);
  }
  if (!(gold >= 0 && gold < optionIds.length))
    throw new UserError(`example ${id}: gold ${gold} is none of its options`);
  const longest = largest(optionIds.map((ids) => ids.length));
  if (longest > sequenceLength) {
    throw new UserError(
      `example ${id}: an option has ${longest} tokens; evaluation.sequenceLength is ${sequenceLength}`,
    );
  }
}

/** @throws UserError if the options have prompts of their own */
export function checkOnePrompt({ id, optionPromptIds }: ChoiceItem, scoring: string): void {
  if (!optionPromptIds) return;
  throw new UserError(
    `example ${id}: each option has a prompt of its own, which evaluation.scoring '${scoring}' cannot ask; use log-likelihood`,
  );
}

/** The option of the largest value for each item, by the values that an item's options have. */
export function choose(
  items: readonly ChoiceItem[],
  valuesOf: (item: ChoiceItem, index: number) => readonly number[],
): ChoicePrediction[] {
  return items.map((item, index) => {
    const { id, gold, domain } = item;
    const scores = [...valuesOf(item, index)];
    const predicted = scores.indexOf(largest(scores));
    const answer = { id, gold, predicted, correct: predicted === gold, scores };
    return domain === undefined ? answer : { ...answer, domain };
  });
}

/** A prediction of a question. */
export type ChoicePrediction = Prediction & Required<Pick<Prediction, 'gold' | 'predicted'>>;

/** Metrics of questions: `CHOICE_METRICS`, with the mean negative log-probability of the right option. */
export function judgeChoices(
  items: readonly ChoiceItem[],
  predictions: readonly ChoicePrediction[],
  logProbs: readonly Float64Array[],
  truncated: number,
  calibrationBins: number,
): Record<string, number> {
  const nats = items.reduce((sum, { gold }, index) => sum - logProbs[index]![gold]!, 0);
  return {
    ...choiceMetrics(
      predictions,
      predictions.map((prediction) => prediction.scores),
      calibrationBins,
    ),
    'eval/loss': nats / Math.max(1, items.length),
    'eval/truncated': truncated,
  };
}
