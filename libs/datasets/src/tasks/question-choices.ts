import { z } from 'zod';
import { jsonLineRows } from '../files/json-lines.js';
import { parseRow, rowError, type Row } from '../files/row.js';
import { stripped } from '../prompting/python-text.js';
import { harnessExample, type HarnessQuestion } from '../prompting/harness.js';
import type { Layout } from '../splits/layout.js';
import { choiceExample, choiceTaskOptions, harnessChoiceOptions, lettered, LETTERS } from './choices.js';
import { publishedTask, type PublishedTask } from './published-task.js';

const rowSchema = z.object({
  id: z.string(),
  question: z.object({
    stem: z.string(),
    choices: z
      .array(z.object({ label: z.string(), text: z.string() }))
      .min(2)
      .max(26),
  }),
  answerKey: z.string(),
});

/** The same on the Hugging Face hub: `{question, choices: {text: [], label: []}, answerKey}`; OpenBookQA says `question_stem`. */
const hubSchema = z.object({
  id: z.string(),
  question: z.string().optional(),
  question_stem: z.string().optional(),
  choices: z.object({ text: z.array(z.string()).min(2).max(26), label: z.array(z.string()) }),
  answerKey: z.string(),
});

/** QASC as it circulates without ids: `{context, choice0, ..., choice7, label}`. */
const flatSchema = z.object({ context: z.string(), label: z.coerce.number().int() });

/** One row in the form of ARC, whatever the file's form; numbered choices are lettered by their place. */
function questionOf(row: Row, id: string) {
  const labelled = (own: string, stem: string, choices: string[], labels: string[], answerKey: string) => {
    const answer = labels.indexOf(answerKey);
    if (answer < 0) throw rowError(row, 'answerKey', `is not among its labels ${labels.join(', ')}`, answerKey);
    return { id: own, stem, choices, answer };
  };
  if ('choices' in row.values) {
    const { id: own, question, question_stem, choices, answerKey } = parseRow(hubSchema, row);
    const stem = question ?? question_stem;
    if (stem === undefined) throw rowError(row, 'question', 'must be text', undefined);
    return labelled(own, stem, choices.text, choices.label, answerKey);
  }
  if (!('choice0' in row.values)) {
    const { question, answerKey, id: own } = parseRow(rowSchema, row);
    const texts = question.choices.map(({ text }) => text);
    const labels = question.choices.map(({ label }) => label);
    return labelled(own, question.stem, texts, labels, answerKey);
  }
  const { context, label } = parseRow(flatSchema, row);
  const choices: string[] = [];
  for (let i = 0; typeof row.values[`choice${i}`] === 'string'; i++) choices.push(row.values[`choice${i}`] as string);
  if (!(label >= 0 && label < choices.length)) {
    throw rowError(row, 'label', `must be 0 to ${choices.length - 1}`, row.values['label']);
  }
  return { id, stem: context, choices, answer: label };
}

/** A task in the format of ARC: `{id, question: {stem, choices: [{label, text}]}, answerKey}` a line. */
function questionChoicesTask(
  {
    id,
    description,
    bundled,
    hub = {},
    harness,
  }: Pick<PublishedTask<typeof harnessChoiceOptions>, 'id' | 'description' | 'bundled' | 'hub'> & {
    readonly harness?: (stem: string, choices: readonly string[]) => Pick<HarnessQuestion, 'context' | 'choices'>;
  },
  ...layouts: readonly [Layout['files'], ...Layout['files'][]]
) {
  return publishedTask({
    id,
    description,
    kind: 'multiple-choice',
    // Without prompts of the harness there is no style to choose; the options are the same otherwise.
    options: (harness ? harnessChoiceOptions : choiceTaskOptions) as typeof harnessChoiceOptions,
    ...(bundled ? { bundled } : {}),
    hub,
    layouts: layouts.map((files) => ({ files, rows: jsonLineRows })) as [Layout, ...Layout[]],
    toExample(row, index, options) {
      const { stem, choices, answer, id: own } = questionOf(row, `${id}-${row.file.split('.')[0]}-${index}`);
      if (harness && options.style === 'lm-eval') return harnessExample({ id: own, answer, ...harness(stem, choices) });
      return choiceExample(
        {
          id: own,
          question: stem,
          choices,
          answer,
          letterPrompt: `Please choose the correct answer to the question: ${stem} ${lettered(choices)}\nAnswer:`,
          textPrompt: `Question: ${stem}\nAnswer:`,
        },
        options,
      );
    },
  });
}

const arc = (id: string, difficulty: string) =>
  questionChoicesTask(
    {
      id,
      description: `ARC-${difficulty}: science questions of schools (Clark et al. 2018)`,
      bundled: { folder: 'arc', licence: 'CC BY-SA 4.0' },
      hub: { configurations: [`ARC-${difficulty}`], test: true },
      harness: (stem, choices) => ({ context: `Question: ${stem}\nAnswer:`, choices }),
    },
    {
      train: [`ARC-${difficulty}-Train.jsonl`, `${id}-train.jsonl`],
      dev: [`ARC-${difficulty}-Dev.jsonl`, `${id}-dev.jsonl`],
      test: [`ARC-${difficulty}-Test.jsonl`, `${id}-test.jsonl`],
    },
  );

/** ARC-Challenge (Clark et al. 2018). */
export const arcChallengeTask = arc('arc-challenge', 'Challenge');

/** ARC-Easy (Clark et al. 2018). */
export const arcEasyTask = arc('arc-easy', 'Easy');

/** OpenBookQA, without the book (Mihaylov et al. 2018). */
export const openBookQaTask = questionChoicesTask(
  {
    id: 'openbookqa',
    description: 'OpenBookQA, without the book (Mihaylov et al. 2018)',
    bundled: { folder: 'openbookqa', licence: 'Apache-2.0' },
    hub: { configurations: ['main'], test: true },
    harness: (stem, choices) => ({ context: stem, choices }),
  },
  { train: ['train.jsonl'], dev: ['dev.jsonl'], test: ['test.jsonl'] },
);

/** CommonsenseQA, the random split; its test answers are not published (Talmor et al. 2019). */
export const commonsenseQaTask = questionChoicesTask(
  {
    id: 'commonsenseqa',
    description: 'CommonsenseQA, the random split (Talmor et al. 2019)',
    harness: (stem, choices) => ({
      context: [`Question: ${stripped(stem)}`, ...choices.map((text, i) => `${LETTERS[i]!}. ${text}`), 'Answer:'].join(
        '\n',
      ),
      choices: choices.map((_, i) => LETTERS[i]!),
    }),
  },
  { train: ['train_rand_split.jsonl'], dev: ['dev_rand_split.jsonl'] },
  // The training questions alone.
  { train: ['train.jsonl'] },
);

/** QASC, eight choices, without the facts; its test answers are not published (Khot et al. 2020). */
export const qascTask = questionChoicesTask(
  { id: 'qasc', description: 'QASC, eight choices, without the facts (Khot et al. 2020)' },
  { train: ['train.jsonl'], dev: ['dev.jsonl'] },
  // The training questions alone, flattened.
  { train: ['mcq_train.jsonl'] },
);
