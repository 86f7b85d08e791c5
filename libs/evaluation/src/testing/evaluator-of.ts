import { ComponentRegistry } from '@gmoe/core';
import type { Engine } from '@gmoe/tensor';
import {
  chosenScoring,
  createEvaluator,
  evaluationSchema,
  scoringComponents,
  scoringKind,
  type EvaluationItem,
} from '../index.js';
import type { EvaluatedModel } from '../program.js';

const components = new ComponentRegistry([scoringKind], scoringComponents);

/** An evaluator by the section `evaluation` of a config. */
export function evaluatorOf(engine: Engine, model: EvaluatedModel, items: readonly EvaluationItem[], section: object) {
  const options = components.resolve(evaluationSchema, section);
  return createEvaluator(engine, model, items, components.build(scoringKind, chosenScoring(options)), options);
}
