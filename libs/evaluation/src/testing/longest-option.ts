import { defineComponent } from '@gmoe/core';
import { choose, question, scoringKind, type ChoiceItem, type Scoring } from '../index.js';
import { z } from 'zod';

const id = 'longest-option';

export const longestOptionScoring = defineComponent(scoringKind, {
  id,
  description: 'the longest option, whatever the model says: a baseline',
  options: z.strictObject({}),
  create: (): Scoring => ({
    id,
    scores: ['choices'],
    metrics: () => ['eval/accuracy'],
    check: (item) => void question(item, id),
    evaluator: (_engine, _model, items) => ({
      async evaluate() {
        const predictions = choose(items as ChoiceItem[], ({ optionCharacters }) => optionCharacters);
        const right = predictions.filter(({ correct }) => correct).length;
        return { predictions, metrics: { 'eval/accuracy': right / predictions.length } };
      },
      dispose: async () => undefined,
    }),
  }),
});
