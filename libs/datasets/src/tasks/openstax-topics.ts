import { z } from 'zod';
import { jsonLineRows } from '../files/json-lines.js';
import { parseRow } from '../files/row.js';
import { taskOptions } from '../task.js';
import { publishedTask } from './published-task.js';

const SUBJECTS = ['anatomy', 'astronomy', 'chemistry', 'microbiology', 'physics', 'psychology'] as const;

const rowSchema = z.object({ id: z.string(), passage: z.string(), subject: z.enum(SUBJECTS), book: z.string() });

/**
 * From which subject's textbook is this passage? Passages of 40 to 70 words from seven OpenStax books (two are on physics)
 * that do not name a subject; chapters are disjoint between the splits and from what the bundled base model was pretrained
 * on (`tools/datasets/prepare-openstax.ts`). The domain of an example is its book.
 */
export const openstaxTopicsTask = publishedTask({
  id: 'openstax-topics',
  description: "which subject's textbook is this passage from? (bundled)",
  kind: 'classification',
  classes: SUBJECTS,
  options: taskOptions,
  bundled: { folder: 'openstax-topics', licence: 'OpenStax, CC BY 4.0', inKeyedOrder: true },
  layouts: [{ files: { train: ['train.jsonl'], dev: ['dev.jsonl'], test: ['test.jsonl'] }, rows: jsonLineRows }],
  toExample(row) {
    const { id, passage, subject, book } = parseRow(rowSchema, row);
    if (passage.trim() === '') return { dropped: 'empty question' };
    return {
      id,
      prompt: `${passage}\nSubject:`,
      options: SUBJECTS.map((name) => ` ${name}`),
      answer: SUBJECTS.indexOf(subject),
      domain: book,
    };
  },
});
