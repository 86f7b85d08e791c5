import { z } from 'zod';
import { jsonLineRows } from '../files/json-lines.js';
import { parseRow, rowError, type Row } from '../files/row.js';
import { harnessExample, withoutWikiHow } from '../prompting/harness.js';
import { capitalized, stripped } from '../prompting/python-text.js';
import { choiceExample, harnessChoiceOptions, harnessTaskOptions, lettered } from './choices.js';
import { publishedTask } from './published-task.js';

const label = z.union([z.string(), z.number()]);

/** Id of a row that has none of its own: by file and place. */
const placed = (task: string, row: Row, index: number): string =>
  `${task}-${row.file.replace(/\.[^.]*$/, '')}-${index}`;

/** A numbered label as an index. */
function numbered(row: Row, column: string, value: string | number, first: number, count: number): number {
  const index = Number(value) - first;
  if (String(value).trim() === '' || !Number.isInteger(index) || index < 0 || index >= count) {
    throw rowError(row, column, `must be ${first} to ${first + count - 1}`, value);
  }
  return index;
}

const siqaSchema = z.object({
  context: z.string(),
  question: z.string(),
  answerA: z.string(),
  answerB: z.string(),
  answerC: z.string(),
  label: label.optional(),
  correct: z.enum(['A', 'B', 'C']).optional(),
});

/** Social IQa: what people feel and do; labels 1 to 3, or A to C in version 1.4 (Sap et al. 2019). */
export const siqaTask = publishedTask({
  id: 'siqa',
  description: 'Social IQa: what people feel and do (Sap et al. 2019)',
  kind: 'multiple-choice',
  options: harnessChoiceOptions,
  hub: {},
  layouts: [
    { files: { train: ['train.jsonl'], dev: ['dev.jsonl'] }, rows: jsonLineRows },
    {
      files: {
        train: ['socialIQa_v1.4_trn.jsonl'],
        dev: ['socialIQa_v1.4_dev.jsonl'],
        test: ['socialIQa_v1.4_tst.jsonl'],
      },
      rows: jsonLineRows,
    },
  ],
  toExample(row, index, options) {
    const { context, question, answerA, answerB, answerC, correct, label: number } = parseRow(siqaSchema, row);
    const choices = [answerA, answerB, answerC];
    const id = placed('siqa', row, index);
    const answer = correct === undefined ? numbered(row, 'label', number ?? '', 1, 3) : 'ABC'.indexOf(correct);
    if (options.style === 'lm-eval') {
      return harnessExample({ id, context: `Q: ${context} ${question}\nA:`, choices, answer });
    }
    return choiceExample(
      {
        id,
        question,
        choices,
        answer,
        letterPrompt: `Please choose the correct answer to the question.\nQuestion: ${context} ${question}\n${lettered(choices, '\n')}\nAnswer:`,
        textPrompt: `Question: ${context} ${question}\nAnswer:`,
      },
      options,
    );
  },
});

const piqaSchema = z.object({ goal: z.string(), sol1: z.string(), sol2: z.string(), label: label.optional() });

/** PIQA: which of two ways reaches a goal; its test answers are not published (Bisk et al. 2020). */
export const piqaTask = publishedTask({
  id: 'piqa',
  description: 'PIQA: physical common sense (Bisk et al. 2020)',
  kind: 'multiple-choice',
  options: harnessChoiceOptions,
  hub: {},
  layouts: [
    {
      files: { train: ['train.jsonl'], dev: ['valid.jsonl', 'dev.jsonl', 'valid-even.jsonl'] },
      rows: jsonLineRows,
    },
  ],
  toExample(row, index, options) {
    const { goal, sol1, sol2, label: number } = parseRow(piqaSchema, row);
    const choices = [sol1, sol2];
    const id = placed('piqa', row, index);
    const answer = numbered(row, 'label', number ?? '', 0, 2);
    if (options.style === 'lm-eval') {
      return harnessExample({ id, context: `Question: ${goal}\nAnswer:`, choices, answer });
    }
    return choiceExample(
      {
        id,
        question: goal,
        choices,
        answer,
        letterPrompt: `Please choose the correct solution to the goal: ${goal} ${lettered(choices)}\nAnswer:`,
        textPrompt: `Question: ${goal}\nAnswer:`,
      },
      options,
    );
  },
});

const hellaSwagSchema = z.object({ ctx: z.string(), endings: z.array(z.string()).length(4), label });
/** What of a row the harness asks with. */
const activitySchema = z.object({ ctx_a: z.string(), ctx_b: z.string(), activity_label: z.string() });

/** HellaSwag: how a situation goes on; its test answers are not published (Zellers et al. 2019). */
export const hellaSwagTask = publishedTask({
  id: 'hellaswag',
  description: 'HellaSwag: how does it go on? (Zellers et al. 2019)',
  kind: 'multiple-choice',
  options: harnessChoiceOptions,
  hub: {},
  layouts: [
    {
      files: { train: ['hellaswag_train.jsonl', 'train.jsonl'], dev: ['hellaswag_val.jsonl', 'val-even.jsonl'] },
      rows: jsonLineRows,
    },
  ],
  toExample(row, index, options) {
    const { ctx, endings, label: number } = parseRow(hellaSwagSchema, row);
    const id = placed('hellaswag', row, index);
    const answer = numbered(row, 'label', number, 0, 4);
    if (options.style === 'lm-eval') {
      const { ctx_a: first, ctx_b: second, activity_label: activity } = parseRow(activitySchema, row);
      const context = withoutWikiHow(`${activity}: ${first} ${capitalized(second)}`);
      return harnessExample({ id, context, choices: endings.map(withoutWikiHow), answer });
    }
    return choiceExample(
      {
        id,
        question: ctx,
        choices: endings,
        answer,
        letterPrompt: `Please choose the most plausible ending: ${ctx} ${lettered(endings)}\nAnswer:`,
        textPrompt: ctx,
      },
      options,
    );
  },
});

const winoGrandeSchema = z.object({
  /** Absent on the hub. */
  qID: z.string().optional(),
  sentence: z.string(),
  option1: z.string(),
  option2: z.string(),
  answer: label,
});

/** WinoGrande: which of two fills the blank; its test answers are not published (Sakaguchi et al. 2020). */
export const winoGrandeTask = publishedTask({
  id: 'winogrande',
  description: 'WinoGrande: who or what is meant? (Sakaguchi et al. 2020)',
  kind: 'multiple-choice',
  // The blank is amid the sentence, so that a choice's text does not follow the prompt: letters, or the harness's way.
  options: harnessTaskOptions,
  hub: { configurations: ['xl', 'l', 'm', 's', 'xs'].map((size) => `winogrande_${size}`) },
  layouts: [
    {
      files: {
        train: ['xl', 'l', 'm', 's', 'xs'].map((size) => `train_${size}.jsonl`),
        dev: ['dev.jsonl', 'dev-even.jsonl'],
      },
      rows: jsonLineRows,
    },
  ],
  toExample(row, index, { style }) {
    const { qID, sentence, option1, option2, answer } = parseRow(winoGrandeSchema, row);
    const choices = [option1, option2];
    const id = qID ?? placed('winogrande', row, index);
    const place = numbered(row, 'answer', answer, 1, 2);
    if (style === 'lm-eval') {
      const blank = sentence.indexOf('_');
      if (blank < 0) throw rowError(row, 'sentence', 'must have a blank, _', sentence);
      const context = choices.map((filler) => sentence.slice(0, blank) + filler);
      return harnessExample({ id, context, choices: stripped(sentence.slice(blank + 1)), answer: place });
    }
    return choiceExample(
      {
        id,
        question: sentence,
        choices,
        answer: place,
        letterPrompt: `Please choose the correct answer to fill in the blank: ${sentence} ${lettered(choices)}\nAnswer:`,
        textPrompt: sentence,
      },
      {},
    );
  },
});
