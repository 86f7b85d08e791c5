import { join } from 'node:path';
import { z } from 'zod';
import { bundledDataDir } from '../bundled/bundled-data.js';
import { readDataFile } from '../data-file.js';
import type { Example, Split } from '../example.js';
import { parseJsonLines } from '../json-lines.js';
import { defineTask, limited, taskOptions } from '../task.js';
import { carveDev } from './carved-dev.js';

const rowSchema = z.object({ question: z.string().min(1), answer: z.boolean() });

const CLASSES = ['true', 'false'];

/** BoolQ questions without their passages, as the authors ask them (Clark et al. 2019). */
export const boolQTask = defineTask({
  id: 'boolq',
  options: taskOptions,
  create(options) {
    const read = (split: Split): Example[] => {
      const folder = options.dataDir ?? join(bundledDataDir(), 'boolq');
      const { file, text } = readDataFile(folder, [`${split}.jsonl`, ...(split === 'test' ? ['dev.jsonl'] : [])]);
      return parseJsonLines(text, rowSchema, file).map(({ question, answer }, row) => ({
        id: `boolq-${file.split('.')[0]}-${row}`,
        prompt: `Please answer the following question with true or false: ${question}?\nAnswer:`,
        options: CLASSES.map((name) => ` ${name}`),
        answer: answer ? 0 : 1,
      }));
    };
    // No test answers are published: the published dev split is the test split, a tenth of train is dev.
    const split = (name: Split) => (name === 'test' ? read('dev') : carveDev(read('train'))[name]);
    return {
      id: 'boolq',
      kind: 'classification',
      classes: CLASSES,
      source: `${options.dataDir ?? 'bundled, CC BY-SA 3.0'}; published dev split as test, a tenth of train as dev`,
      load: (name) => limited(split(name), name, options),
    };
  },
});
