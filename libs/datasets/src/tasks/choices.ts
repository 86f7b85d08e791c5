import { z } from 'zod';
import type { Example } from '../example.js';
import type { RowResult } from '../splits/task-splits.js';
import { STYLES } from '../prompting/harness.js';
import { taskOptions } from '../task.js';

export const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** How the model is asked to answer a question with choices. */
export const ANSWERS = ['letter', 'text'] as const;

/** Options of tasks whose questions have choices. */
export const choiceTaskOptions = taskOptions.extend({
  answers: z
    .enum(ANSWERS)
    .optional()
    .describe(
      'letter (default): the prompt lists the choices, the answer is a letter; text: the prompt has the question only, the answer is the choice itself (for evaluation.scoring log-likelihood, as the EleutherAI harness asks)',
    ),
});
export type ChoiceTaskOptions = z.output<typeof choiceTaskOptions>;

const style = z
  .enum(STYLES)
  .optional()
  .describe(
    'authors (default): the prompts of the GMoE paper; lm-eval: those of the EleutherAI harness, for evaluation.scoring log-likelihood',
  );

/** Options of tasks that the harness has too, and whose questions have no choices of their own. */
export const harnessTaskOptions = taskOptions.extend({ style });

/** Options of tasks that the harness has too. */
export const harnessChoiceOptions = choiceTaskOptions.extend({ style });

/** `(A) first (B) second ...` */
export function lettered(choices: readonly string[], separator = ' '): string {
  return choices.map((text, i) => `(${LETTERS[i]}) ${text}`).join(separator);
}

interface Question {
  readonly id: string;
  /** Decides whether the row asks anything. */
  readonly question: string;
  readonly choices: readonly string[];
  /** Index of the right choice. */
  readonly answer: number;
  /** The prompt that lists the choices. */
  readonly letterPrompt: string;
  /** The prompt that the choice's text follows. */
  readonly textPrompt: string;
  readonly domain?: string;
}

/** A question as an example, or why it is none. */
export function choiceExample(asked: Question, { answers = 'letter' }: Pick<ChoiceTaskOptions, 'answers'>): RowResult {
  if (asked.question.trim() === '') return { dropped: 'empty question' };
  if (answers === 'text' && asked.choices.some((text) => text.trim() === '')) return { dropped: 'empty choice' };
  const example: Example = {
    id: asked.id,
    prompt: answers === 'letter' ? asked.letterPrompt : asked.textPrompt,
    options: asked.choices.map((text, i) => ` ${answers === 'letter' ? LETTERS[i] : text.trim()}`),
    answer: asked.answer,
  };
  return asked.domain === undefined ? example : { ...example, domain: asked.domain };
}
