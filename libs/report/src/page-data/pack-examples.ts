import type { PlannedTrial } from '@gmoe/experiment';
import type { TrialRecord } from '../results/sweep-results.js';
import { groupArms } from '../summary/arms.js';
import { largest } from '@gmoe/core/extremes';
import { packNumbers } from './pack-numbers.js';
import type { PageAnswers, PageExamples, PageQuestion } from './page-document.js';

/** Text of a test example of a trial's task, by its id. */
export type QuestionOf = (id: string, trial: PlannedTrial) => PageQuestion | undefined;

/** No option. */
const NONE = 65_535;
const MOST_SCORES = 1_200_000;
const MOST_ANSWERS = 3_000_000;
const MOST_PROMPT_CHARACTERS = 2_500_000;

/** Every trial's answer to every test example, with the scores of the options as far as they fit. */
export function packExamples(
  trials: readonly TrialRecord[],
  questionOf: QuestionOf = () => undefined,
): { readonly examples: PageExamples | null; readonly leftOut: string[] } {
  const contexts = new Map(groupArms(trials).map(({ group, context }) => [group, context]));
  const answered = trials.flatMap(({ predictions: all, trial }, index) => {
    // Texts have no options to choose from.
    const predictions = all.filter(({ predicted }) => predicted !== undefined);
    return predictions.length > 0
      ? [{ trial: index, planned: trial, seed: trial.seed, predictions, context: contexts.get(trial.group)! }]
      : [];
  });
  if (answered.length === 0) return { examples: null, leftOut: [] };
  // Ids are unique within a task.
  const places = new Map<string, number>();
  const keyOf = (context: string, id: string) => JSON.stringify([context, id]);
  const ids: string[] = [];
  const found: (PageQuestion | null)[] = [];
  const gold: number[] = [];
  const domains: string[] = [];
  let options = 1;
  for (const { predictions, planned, context } of answered) {
    for (const { id, gold: right, domain, scores } of predictions) {
      options = Math.max(options, scores.length);
      const key = keyOf(context, id);
      if (places.has(key)) continue;
      places.set(key, places.size);
      ids.push(context === '' ? id : `${context} · ${id}`);
      found.push(questionOf(id, planned) ?? null);
      gold.push(right ?? NONE);
      domains.push(domain ?? '');
    }
  }
  const count = places.size;
  const leftOut: string[] = [];
  const bySeed = answered.toSorted((a, b) => a.seed - b.seed);
  const kept = bySeed.slice(0, Math.max(2, Math.floor(MOST_ANSWERS / count)));
  const scored = new Set(bySeed.slice(0, Math.max(2, Math.floor(MOST_SCORES / (count * options)))));
  if (kept.length < bySeed.length)
    leftOut.push(`Answers of ${bySeed.length - kept.length} trials of higher seeds are not in this page.`);
  if (scored.size < kept.length)
    leftOut.push(`Scores of options are in this page for ${scored.size} of ${kept.length} trials, lowest seeds first.`);
  const answers = kept.map((one): PageAnswers => {
    const predicted = new Uint16Array(count).fill(NONE);
    const correct = new Uint8Array(count);
    const scores = scored.has(one) ? new Float32Array(count * options).fill(NaN) : undefined;
    const written = one.predictions.some(({ text }) => text !== undefined);
    const texts = written ? new Array<string>(count).fill('') : null;
    for (const prediction of one.predictions) {
      const at = places.get(keyOf(one.context, prediction.id))!;
      predicted[at] = prediction.predicted ?? NONE;
      correct[at] = Number(prediction.correct);
      if (texts) texts[at] = prediction.text ?? '';
      else scores?.set(prediction.scores, at * options);
    }
    return {
      trial: one.trial,
      predicted: packNumbers(predicted),
      correct: packNumbers(correct),
      scores: scores && !written ? packNumbers(scores) : null,
      options,
      texts,
    };
  });
  const { questions, most } = cutQuestions(found);
  if (most !== undefined) leftOut.push(`Questions are cut to their last ${most} characters.`);
  return {
    examples: {
      ids,
      gold,
      domains: domains.some(Boolean) ? domains : null,
      questions: questions.some(Boolean) ? questions : null,
      answers,
    },
    leftOut,
  };
}

/** Questions that fit into a page together; `most` is how many characters of each, where any is cut. */
function cutQuestions(found: readonly (PageQuestion | null)[]): {
  readonly questions: (PageQuestion | null)[];
  readonly most?: number;
} {
  const lengths = found.map((question) => question?.prompt.length ?? 0);
  const characters = lengths.reduce((sum, length) => sum + length, 0);
  if (characters <= MOST_PROMPT_CHARACTERS) return { questions: [...found] };
  const most = Math.floor(MOST_PROMPT_CHARACTERS / found.length);
  const questions = found.map((question) => question && { ...question, prompt: question.prompt.slice(-most) });
  return most < largest(lengths, 0) ? { questions, most } : { questions };
}
