import { jsonLineRows, parseRow, publishedTask, taskOptions } from '../index.js';
import { z } from 'zod';

const row = z.object({ id: z.string(), riddle: z.string(), solvable: z.boolean() });

export const riddlesTask = publishedTask({
  id: 'riddles',
  description: 'can this riddle be solved?',
  kind: 'classification',
  classes: ['yes', 'no'],
  options: taskOptions,
  layouts: [{ files: { train: ['train.jsonl'], test: ['test.jsonl'] }, rows: jsonLineRows }],
  toExample(line) {
    const { id, riddle, solvable } = parseRow(row, line);
    if (riddle.trim() === '') return { dropped: 'empty question' };
    return { id, prompt: `${riddle}\nSolvable:`, options: [' yes', ' no'], answer: solvable ? 0 : 1 };
  },
});
