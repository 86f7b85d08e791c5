import { defineComponent, UserError } from '@gmoe/core';
import { cutPrompt } from '@gmoe/datasets';
import { z } from 'zod';
import type { ChoiceItem } from '../item.js';
import { calibrationBins } from './calibration-bins.js';
import { checkChoices, checkOnePrompt, CHOICE_METRICS, choose, judgeChoices, question } from './choices.js';
import { planScoring, type ItemSegments } from './plan.js';
import { plannedEvaluator } from './planned-evaluator.js';
import { scoringKind, type Scoring } from './scoring.js';

const ID = 'label-token';

/** The option whose first token is likeliest behind the prompt: the authors' scoring of letters and of true and false. */
export const labelTokenScoring = defineComponent(scoringKind, {
  id: ID,
  description: "the option whose answer's first token is likeliest after the prompt, the authors' scoring",
  options: z.strictObject({ calibrationBins }),
  create: ({ calibrationBins: bins }): Scoring => ({
    id: ID,
    scores: ['choices'],
    metrics: () => CHOICE_METRICS,
    check(item, settings) {
      const asked = question(item, ID);
      checkChoices(asked, settings);
      checkOnePrompt(asked, ID);
      const { id, optionIds } = asked;
      if (new Set(optionIds.map((ids) => ids[0])).size < optionIds.length) {
        throw new UserError(
          `example ${id}: two options start with the same token, which evaluation.scoring 'label-token' cannot tell apart; use log-likelihood`,
        );
      }
    },
    evaluator(engine, model, items, settings) {
      const asked = items.map((item) => question(item, ID));
      const logProbs = asked.map(({ optionIds }) => new Float64Array(optionIds.length));
      const segments = (item: ChoiceItem, index: number): ItemSegments => {
        const ids = cutPrompt(item.promptIds, item.start ?? 0, settings.sequenceLength);
        const query = {
          place: ids.length - 1,
          candidates: item.optionIds.map(([first]) => first!),
          answer: (values: readonly number[]) => logProbs[index]!.set(values),
          endOf: index,
        };
        return { segments: [{ ids, queries: [query] }], truncated: ids.length < item.promptIds.length };
      };
      const plan = planScoring(asked, segments, settings, false);
      const judge = () => {
        const predictions = choose(asked, (_, index) => [...logProbs[index]!]);
        return { predictions, metrics: judgeChoices(asked, predictions, logProbs, plan.truncated, bins) };
      };
      return plannedEvaluator(engine, model, plan, judge, () => logProbs.forEach((each) => each.fill(0)));
    },
  }),
});
