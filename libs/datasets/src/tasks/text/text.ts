import { z } from 'zod';
import { asksThroughChat, defineTask, taskApplicability } from '../../task.js';
import { cell, textCell } from '../generic/cells.js';
import { column, fileTaskOptions, fillTemplate, promptTemplate } from '../generic/file-options.js';
import { fileSplits } from '../generic/file-task.js';

const options = fileTaskOptions.extend({
  columns: z
    .strictObject({
      prompt: column
        .nullable()
        .default('prompt')
        .describe('what is given; null = nothing: the whole text is learned (plain continuation)'),
      answer: column.default('answer').describe('what is learned: the answer, or the text'),
      input: column.nullable().default(null).describe('a second given column, for {input} of the prompt; null = none'),
      id: column.nullable().default(null).describe('name of the example; null = file and row'),
      domain: column.nullable().default(null).describe('what the example is about, for reports; null = none'),
    })
    .prefault({})
    .describe('names of the columns; dots lead into nested values'),
  prompt: promptTemplate(['prompt', 'input'])
    .optional()
    .describe('template over {prompt} and {input}; default "{prompt}"'),
  answer: promptTemplate(['answer'])
    .default('{answer}')
    .describe('template over {answer}, joined to the prompt as it stands: " {answer}" puts a space between'),
});

/** Any prompts with their answers, or plain texts, from the user's own file. */
export const textTask = defineTask({
  id: 'text',
  description: "prompts with answers (instruction tuning), or plain texts, from the user's own file",
  bundled: false,
  options,
  appliesWhen: taskApplicability,
  create(chosen) {
    const { columns } = chosen;
    const template = chosen.prompt ?? '{prompt}';
    const splits = fileSplits(chosen, (row, index) => {
      const answer = textCell(row, columns.answer);
      if (answer.trim() === '') return { dropped: 'empty answer' };
      const given = columns.prompt === null ? undefined : textCell(row, columns.prompt);
      if (given?.trim() === '') return { dropped: 'empty question' };
      const input = columns.input === null ? '' : optionalText(cell(row, columns.input));
      const prompt = given === undefined ? '' : fillTemplate(template, { prompt: given, input });
      return {
        id: columns.id === null ? `${row.file}-${index}` : textCell(row, columns.id),
        parts: [
          ...(prompt === '' ? [] : [{ text: prompt, supervised: false }]),
          { text: given === undefined ? answer : fillTemplate(chosen.answer, { answer }), supervised: true },
        ],
        ...(columns.domain === null ? {} : { domain: textCell(row, columns.domain) }),
      };
    });
    return {
      id: 'text',
      template: `${template}${chosen.answer}`,
      kind: 'text',
      ...asksThroughChat(chosen),
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

/** A cell that may be empty or missing. */
const optionalText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
