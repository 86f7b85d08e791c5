import { z } from 'zod';
import { jsonLineRows } from '../files/json-lines.js';
import { parseRow, rowError } from '../files/row.js';
import { harnessExample } from '../prompting/harness.js';
import { harnessTaskOptions } from './choices.js';
import { publishedTask } from './published-task.js';

const rowSchema = z.object({ question: z.string(), answer: z.boolean(), passage: z.string().optional() });

const CLASSES = ['true', 'false'];
/** As the harness has them. */
const HARNESS_CLASSES = ['no', 'yes'];

/** BoolQ questions without their passages, as the authors ask them; its test answers are not published (Clark et al. 2019). */
export const boolQTask = publishedTask({
  id: 'boolq',
  description: 'BoolQ: yes/no questions (Clark et al. 2019)',
  kind: 'classification',
  classes: ({ style }) => (style === 'lm-eval' ? HARNESS_CLASSES : CLASSES),
  options: harnessTaskOptions,
  bundled: { folder: 'boolq', licence: 'CC BY-SA 3.0' },
  hub: {},
  layouts: [{ files: { train: ['train.jsonl'], dev: ['dev.jsonl', 'dev-even.jsonl'] }, rows: jsonLineRows }],
  toExample(row, index, { style }) {
    const { question, answer, passage } = parseRow(rowSchema, row);
    if (question.trim() === '') return { dropped: 'empty question' };
    const id = `boolq-${row.file.split('.')[0]}-${index}`;
    if (style === 'lm-eval') {
      if (passage === undefined) {
        throw rowError(
          row,
          'passage',
          'style lm-eval asks about it; the bundled copy has none: name task.dataDir',
          passage,
        );
      }
      const context = `${passage}\nQuestion: ${question}?\nAnswer:`;
      return harnessExample({ id, context, choices: HARNESS_CLASSES, answer: Number(answer) });
    }
    return {
      id,
      prompt: `Please answer the following question with true or false: ${question}?\nAnswer:`,
      options: CLASSES.map((name) => ` ${name}`),
      answer: answer ? 0 : 1,
    };
  },
});
