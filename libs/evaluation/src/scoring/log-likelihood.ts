import { defineComponent, largest } from '@gmoe/core';
import { cutPrompt } from '@gmoe/datasets';
import { z } from 'zod';
import type { ChoiceItem } from '../item.js';
import { lengthOf, type Query, type Segment } from '../pack-segments.js';
import { calibrationBins } from './calibration-bins.js';
import { checkChoices, CHOICE_METRICS, choose, judgeChoices, question } from './choices.js';
import { planScoring, type ItemSegments } from './plan.js';
import { plannedEvaluator } from './planned-evaluator.js';
import { scoringKind, type Scoring } from './scoring.js';

const ID = 'log-likelihood';

/** The option whose whole answer is likeliest behind the prompt: `acc` and `acc_norm` of the EleutherAI harness. */
export const logLikelihoodScoring = defineComponent(scoringKind, {
  id: ID,
  description: 'the option whose whole answer is likeliest, summed or by its length (acc and acc_norm of the harness)',
  options: z.strictObject({
    normalize: z
      .enum(['none', 'characters'])
      .default('none')
      .describe(
        "what decides: none = the sum (the harness's acc), characters = the sum over the answer's length (acc_norm)",
      ),
    calibrationBins,
  }),
  create: ({ normalize, calibrationBins: bins }): Scoring => ({
    id: ID,
    scores: ['choices'],
    metrics: () => [...CHOICE_METRICS, 'eval/accuracy_norm'],
    check: (item, settings) => checkChoices(question(item, ID), settings),
    evaluator(engine, model, items, settings) {
      const asked = items.map((item) => question(item, ID));
      const logProbs = asked.map(({ optionIds }) => new Float64Array(optionIds.length));
      const segments = (item: ChoiceItem, index: number) =>
        likelihoodSegments(item, index, logProbs[index]!, settings.sequenceLength);
      const plan = planScoring(asked, segments, settings, true);
      const by = (length: 'none' | 'characters') =>
        choose(asked, ({ optionCharacters }, index) =>
          Array.from(logProbs[index]!, (value, i) =>
            length === 'none' ? value : value / Math.max(1, optionCharacters[i]!),
          ),
        );
      const judge = () => {
        const predictions = by(normalize);
        const right = by('characters').filter(({ correct }) => correct).length;
        const metrics = judgeChoices(asked, predictions, logProbs, plan.truncated, bins);
        return { predictions, metrics: { ...metrics, 'eval/accuracy_norm': right / Math.max(1, asked.length) } };
      };
      return plannedEvaluator(engine, model, plan, judge, () => logProbs.forEach((each) => each.fill(0)));
    },
  }),
});

/**
 * One segment with the options as continuations of the prompt; where that is longer than a row, or where each option has a
 * prompt of its own, one segment an option. The prompt's last token is asked for all first tokens at once.
 */
export function likelihoodSegments(
  item: ChoiceItem,
  index: number,
  logProbs: Float64Array,
  rowLength: number,
): ItemSegments {
  const { optionIds, optionPromptIds, promptIds, start = 0 } = item;
  const add = (option: number) => (values: readonly number[]) => {
    logProbs[option]! += values[0]!;
  };
  // All options see the same prompt, also where it is cut.
  const room = rowLength - largest(optionIds.map((ids) => ids.length)) + 1;
  const cut = (ids: readonly number[]) => cutPrompt(ids, start, room);
  const asked = (prompt: readonly number[], option: number): Omit<Segment, 'domain'> => {
    const ids = optionIds[option]!;
    const queries = ids.map((id, i): Query => {
      const query = { place: prompt.length - 1 + i, candidates: [id], answer: add(option) };
      return option === 0 && i === 0 ? { ...query, endOf: index } : query;
    });
    return { ids: [...prompt, ...ids.slice(0, -1)], queries };
  };
  if (optionPromptIds) {
    return {
      segments: optionPromptIds.map((ids, option) => asked(cut(ids), option)),
      truncated: optionPromptIds.some((ids) => ids.length > room),
    };
  }
  const prompt = cut(promptIds);
  const truncated = prompt.length < promptIds.length;
  const last = prompt.length - 1;
  let place = last;
  const later = optionIds.flatMap((ids, option) =>
    ids.slice(1).map((id) => ({ place: ++place, candidates: [id], answer: add(option) })),
  );
  const first: Query = {
    place: last,
    candidates: optionIds.map(([id]) => id!),
    answer: (values) => values.forEach((value, option) => (logProbs[option]! += value)),
    endOf: index,
  };
  const shared = {
    ids: prompt,
    continuations: optionIds.map((ids) => ({ ids: ids.slice(0, -1) })),
    queries: [first, ...later],
  };
  if (lengthOf(shared) <= rowLength) return { segments: [shared], truncated };
  return { segments: optionIds.map((_, option) => asked(prompt, option)), truncated };
}
