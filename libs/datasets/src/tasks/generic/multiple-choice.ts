import { z } from 'zod';
import { asksThroughChat, defineTask, taskApplicability } from '../../task.js';
import { ANSWERS, choiceExample, lettered } from '../choices.js';
import { cell, choiceCells, labelCell, textCell } from './cells.js';
import { column, fileTaskOptions, promptFrom, LABELS, promptTemplate } from './file-options.js';
import { fileSplits } from './file-task.js';

const PLACEHOLDERS = ['question', 'context', 'choices'] as const;

const options = fileTaskOptions.extend({
  columns: z
    .strictObject({
      question: column.default('question').describe('the question'),
      choices: z
        .union([column, z.array(column).min(2)])
        .default('choices')
        .describe('one column with a list, or a list of columns with one choice each'),
      answer: column.default('answer').describe('which choice is right'),
      context: column.nullable().default(null).describe('text that the question is about; null = none'),
      id: column.nullable().default(null).describe('name of the example; null = file and row'),
      domain: column.nullable().default(null).describe('what the example is about, for reports; null = none'),
    })
    .prefault({})
    .describe('names of the columns; dots lead into nested values'),
  labels: z
    .enum(LABELS)
    .default('letter')
    .describe(
      "how the answer is written: A, B, ... or the choice's own label; a number from 0 or 1; the choice's text",
    ),
  answers: z
    .enum(ANSWERS)
    .default('letter')
    .describe('letter: the model answers with a letter; text: with the choice itself (for log-likelihood)'),
  prompt: promptTemplate(PLACEHOLDERS)
    .nullable()
    .default(null)
    .describe(
      'template over {question}, {context}, {choices}; null = "Please choose the correct answer to the question: {question} {choices}\\nAnswer:", for answers text "Question: {question}\\nAnswer:"',
    ),
});

/** Any questions with choices, from the user's own file. */
export const multipleChoiceTask = defineTask({
  id: 'multiple-choice',
  description: "questions with choices, from the user's own file",
  bundled: false,
  options,
  appliesWhen: taskApplicability,
  create(chosen) {
    const { columns, labels, answers } = chosen;
    const context = columns.context === null ? '' : '{context} ';
    const template = {
      letter:
        chosen.prompt ?? `Please choose the correct answer to the question: ${context}{question} {choices}\nAnswer:`,
      text: chosen.prompt ?? `Question: ${context}{question}\nAnswer:`,
    };
    const splits = fileSplits(chosen, (row, index) => {
      const choices = choiceCells(row, columns.choices);
      if (choices.texts.some((text) => text.trim() === '')) return { dropped: 'empty choice' };
      const question = textCell(row, columns.question);
      const values = {
        question,
        context: columns.context === null ? '' : textCell(row, columns.context),
        choices: lettered(choices.texts),
      };
      return choiceExample(
        {
          id: columns.id === null ? `${row.file}-${index}` : textCell(row, columns.id),
          question,
          choices: choices.texts,
          answer: labelCell(row, columns.answer, labels, choices),
          letterPrompt: promptFrom(template.letter, values),
          textPrompt: promptFrom(template.text, values),
          ...(columns.domain === null || cell(row, columns.domain) === undefined
            ? {}
            : { domain: textCell(row, columns.domain) }),
        },
        { ...chosen, answers },
      );
    });
    return {
      id: 'multiple-choice',
      ...(chosen.prompt === null ? {} : { template: chosen.prompt }),
      kind: 'multiple-choice',
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
