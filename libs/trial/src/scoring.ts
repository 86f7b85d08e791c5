import type { ComponentRegistry } from '@gmoe/core';
import { chosenScoring, scoringKind, type Scoring } from '@gmoe/evaluation';
import type { TrialConfig } from './trial-schema.js';

/** The scoring that a config chooses. @throws UserError if there is none of this id */
export function scoringOf({ evaluation }: Pick<TrialConfig, 'evaluation'>, components: ComponentRegistry): Scoring {
  const { id, ...options } = chosenScoring(evaluation);
  return components.get(scoringKind, id, 'evaluation.scoring').create(options, components.build);
}
