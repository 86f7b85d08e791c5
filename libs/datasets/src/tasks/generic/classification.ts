import { UserError } from '@gmoe/core';
import { z } from 'zod';
import { isChoice } from '../../example.js';
import { asksThroughChat, defineTask, taskApplicability } from '../../task.js';
import { LETTERS } from '../choices.js';
import { labelCell, textCell } from './cells.js';
import { column, fileTaskOptions, promptFrom, LABELS, promptTemplate } from './file-options.js';
import { fileSplits } from './file-task.js';

const options = fileTaskOptions
  .extend({
    columns: z
      .strictObject({
        text: column.default('text').describe('what is classified'),
        label: column.default('label').describe('its class'),
        id: column.nullable().default(null).describe('name of the example; null = file and row'),
        domain: column.nullable().default(null).describe('what the example is about, for reports; null = none'),
      })
      .prefault({})
      .describe('names of the columns; dots lead into nested values'),
    labels: z
      .enum(LABELS)
      .default('text')
      .describe("how the class is written: its name, A, B, ..., or a number from 0 or 1 by its place in 'classes'"),
    classes: z
      .array(z.string().min(1))
      .min(2)
      .max(LETTERS.length)
      .nullable()
      .default(null)
      .describe(
        'names of the classes, which are what the model answers; null = the labels of the training file, sorted',
      ),
    prompt: promptTemplate(['text']).default('{text}\nLabel:').describe('template over {text}'),
  })
  .refine(({ classes, labels }) => labels === 'text' || classes !== null, {
    path: ['classes'],
    message: "must name the classes, since labels is not 'text'",
  })
  .refine(({ classes }) => classes === null || new Set(classes).size === classes.length, {
    path: ['classes'],
    message: 'names a class twice',
  });

/** Any texts with a class each, from the user's own file. */
export const classificationTask = defineTask({
  id: 'classification',
  description: "texts with a class each, from the user's own file",
  bundled: false,
  options,
  appliesWhen: taskApplicability,
  create(chosen) {
    const { columns, labels, prompt } = chosen;
    let found: readonly string[] | undefined;
    const classes = () => (found ??= chosen.classes ?? classesOf());
    const classesOf = () => {
      const names = [...new Set(splits.firstRows().map((row) => textCell(row, columns.label).trim()))].sort((a, b) =>
        a.localeCompare(b, 'en', { numeric: true }),
      );
      if (names.length < 2 || names.length > LETTERS.length || names.includes('')) {
        throw new UserError(
          `task.columns.label: '${columns.label}' of ${splits.files} has ${names.length} distinct values${names.includes('') ? ', one empty' : ''}; a classification needs 2 to ${LETTERS.length} (or name them in task.classes)`,
        );
      }
      return names;
    };
    const splits = fileSplits(
      chosen,
      (row, index) => {
        const names = classes();
        const text = textCell(row, columns.text);
        const answer = labelCell(row, columns.label, labels, { texts: names });
        if (text.trim() === '') return { dropped: 'empty question' };
        return {
          id: columns.id === null ? `${row.file}-${index}` : textCell(row, columns.id),
          prompt: promptFrom(prompt, { text }),
          options: names.map((name) => ` ${name}`),
          answer,
          ...(columns.domain === null ? {} : { domain: textCell(row, columns.domain) }),
        };
      },
      (example) => isChoice(example) && example.answer,
    );
    return {
      id: 'classification',
      template: prompt,
      kind: 'classification',
      ...asksThroughChat(chosen),
      get classes() {
        return classes();
      },
      get source() {
        return `${splits.files}; ${splits.protocol()}`;
      },
      prepare: () => splits.prepare(),
      files: () => splits.paths(),
      load: (split) => splits.examples(split),
      origin: (split) => splits.origin(split),
    };
  },
});
