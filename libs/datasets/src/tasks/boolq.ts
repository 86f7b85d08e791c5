import { z } from 'zod';
import { jsonLineRows } from '../files/json-lines.js';
import { parseRow } from '../files/row.js';
import { taskOptions } from '../task.js';
import { publishedTask } from './published-task.js';

const rowSchema = z.object({ question: z.string(), answer: z.boolean() });

const CLASSES = ['true', 'false'];

/** BoolQ questions without their passages, as the authors ask them; its test answers are not published (Clark et al. 2019). */
export const boolQTask = publishedTask({
  id: 'boolq',
  description: 'BoolQ: yes/no questions (Clark et al. 2019)',
  kind: 'classification',
  classes: CLASSES,
  options: taskOptions,
  bundled: { folder: 'boolq', licence: 'CC BY-SA 3.0' },
  hub: {},
  layouts: [{ files: { train: ['train.jsonl'], dev: ['dev.jsonl', 'dev-even.jsonl'] }, rows: jsonLineRows }],
  toExample(row, index) {
    const { question, answer } = parseRow(rowSchema, row);
    if (question.trim() === '') return { dropped: 'empty question' };
    return {
      id: `boolq-${row.file.split('.')[0]}-${index}`,
      prompt: `Please answer the following question with true or false: ${question}?\nAnswer:`,
      options: CLASSES.map((name) => ` ${name}`),
      answer: answer ? 0 : 1,
    };
  },
});
