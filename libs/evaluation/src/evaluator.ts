import { UserError } from '@gmoe/core';
import { keyedSample } from '@gmoe/datasets';
import type { Engine } from '@gmoe/tensor';
import { isTextItem, type EvaluationItem, type Prediction } from './item.js';
import type { EvaluationSettings } from './options.js';
import type { EvaluatedModel, EvaluatedTensors } from './program.js';
import type { EvaluatedRouting } from './routing-collector.js';
import type { ItemKind, Scoring } from './scoring/scoring.js';

export interface EvaluationResult {
  /** What the scoring says that it gives, and `routing/*` of mixtures where its passes route. */
  readonly metrics: Record<string, number>;
  /** In the order of the items. */
  readonly predictions: Prediction[];
  /** Share of a layer's assignments per expert, [L][E]; mixtures only. */
  readonly load?: number[][];
  /** What the mixture layers did with the items; mixtures only. */
  readonly routing?: EvaluatedRouting;
}

/** Scores the same items again and again, as training goes on. */
export interface Evaluator {
  evaluate(tensors: EvaluatedTensors): Promise<EvaluationResult>;
  dispose(): Promise<void>;
}

/** What an example is to a scoring. */
export const itemKind = (item: EvaluationItem): ItemKind => (isTextItem(item) ? 'text' : 'choices');

/** The items that are scored. @throws UserError on one that cannot be, before anything is computed */
export function checkedItems(
  items: readonly EvaluationItem[],
  scoring: Scoring,
  settings: EvaluationSettings,
): readonly EvaluationItem[] {
  const chosen = keyedSample(items, settings.limit);
  for (const item of chosen) {
    if (!scoring.scores.includes(itemKind(item))) {
      const kinds = { choices: 'questions with options', text: 'texts' };
      const others = { choices: 'label-token, log-likelihood or generation', text: 'perplexity or generation' };
      const kind = itemKind(item);
      throw new UserError(
        `evaluation.scoring: '${scoring.id}' scores ${scoring.scores.map((each) => kinds[each]).join(' and ')}, and the task's examples are ${kinds[kind]}; use ${others[kind]}`,
      );
    }
    scoring.check(item, settings);
  }
  return chosen;
}

/** @throws UserError on items that cannot be scored as asked */
export function createEvaluator(
  engine: Engine,
  model: EvaluatedModel,
  items: readonly EvaluationItem[],
  scoring: Scoring,
  settings: EvaluationSettings,
): Evaluator {
  return scoring.evaluator(engine, model, checkedItems(items, scoring, settings), settings);
}
