import { componentKind } from '@gmoe/core';
import type { Engine } from '@gmoe/tensor';
import type { Evaluator } from '../evaluator.js';
import type { EvaluationItem } from '../item.js';
import type { EvaluationSettings } from '../options.js';
import type { EvaluatedModel } from '../program.js';

/** What an example is to a scoring. */
export type ItemKind = 'choices' | 'text';

/** A way to score what a model answers. */
export interface Scoring {
  readonly id: string;
  /** What it scores. */
  readonly scores: readonly ItemKind[];
  /** Names of the metrics it gives for items of a kind, beside `routing/*` of mixtures. */
  metrics(kind: ItemKind): readonly string[];
  /** @throws UserError naming the example, if it cannot be scored so; told before anything is trained */
  check(item: EvaluationItem, settings: EvaluationSettings): void;
  /** @param items checked before */
  evaluator(
    engine: Engine,
    model: EvaluatedModel,
    items: readonly EvaluationItem[],
    settings: EvaluationSettings,
  ): Evaluator;
}

export const scoringKind = componentKind<Scoring>('scoring');
