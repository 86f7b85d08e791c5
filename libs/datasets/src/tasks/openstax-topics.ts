import { join } from 'node:path';
import { z } from 'zod';
import { bundledDataDir } from '../bundled/bundled-data.js';
import { readDataFile } from '../data-file.js';
import type { Example, Split } from '../example.js';
import { parseJsonLines } from '../json-lines.js';
import { defineTask, limited, taskOptions } from '../task.js';

const SUBJECTS = ['anatomy', 'astronomy', 'chemistry', 'microbiology', 'physics', 'psychology'] as const;

const rowSchema = z.object({
  id: z.string(),
  passage: z.string().min(1),
  subject: z.enum(SUBJECTS),
  book: z.string(),
});

/**
 * From which subject's textbook is this passage? Passages of 40 to 70 words from seven OpenStax books (two are on physics)
 * that do not name a subject; chapters are disjoint between the splits and from what the bundled base model was pretrained
 * on (`tools/datasets/prepare-openstax.ts`). The domain of an example is its book.
 */
export const openstaxTopicsTask = defineTask({
  id: 'openstax-topics',
  options: taskOptions,
  create: (options) => ({
    id: 'openstax-topics',
    kind: 'classification',
    classes: SUBJECTS,
    source: options.dataDir ?? 'bundled, OpenStax, CC BY 4.0',
    load(split: Split) {
      const folder = options.dataDir ?? join(bundledDataDir(), 'openstax-topics');
      const { file, text } = readDataFile(folder, [`${split}.jsonl`]);
      const examples = parseJsonLines(text, rowSchema, file).map(({ id, passage, subject, book }): Example => ({
        id,
        prompt: `${passage}\nSubject:`,
        options: SUBJECTS.map((name) => ` ${name}`),
        answer: SUBJECTS.indexOf(subject),
        domain: book,
      }));
      return limited(examples, split, options);
    },
  }),
});
