import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { z } from 'zod';
import { bundledDataDir } from '../bundled/bundled-data.js';
import { readDataFile } from '../data-file.js';
import type { Example, Split } from '../example.js';
import { parseJsonLines } from '../json-lines.js';
import { defineTask, limited, taskOptions, type TaskDefinition } from '../task.js';
import { carveDev } from './carved-dev.js';

const rowSchema = z.object({
  id: z.string(),
  question: z.object({
    stem: z.string().min(1),
    choices: z.array(z.object({ label: z.string(), text: z.string() })).min(2),
  }),
  answerKey: z.string(),
});
type Row = z.output<typeof rowSchema>;

const LETTERS = 'ABCDEFGHIJ';

/**
 * A row as a prompt, in the authors' words. Choices are lettered by their place, whatever the file calls them (some ARC
 * questions number them 1-4), and there may be three to five.
 */
function toExample({ id, question, answerKey }: Row, where: string): Example {
  const answer = question.choices.findIndex(({ label }) => label === answerKey);
  if (answer < 0) {
    const labels = question.choices.map(({ label }) => label).join(', ');
    throw new UserError(`${where}: question '${id}': answerKey '${answerKey}' is not among its labels ${labels}`);
  }
  const choices = question.choices.map(({ text }, i) => `(${LETTERS[i]}) ${text}`).join(' ');
  return {
    id,
    prompt: `Please choose the correct answer to the question: ${question.stem} ${choices}\nAnswer:`,
    options: question.choices.map((_, i) => ` ${LETTERS[i]}`),
    answer,
  };
}

interface Files {
  readonly id: string;
  /** Folder of the bundled copy. */
  readonly folder: string;
  readonly licence: string;
  /** File names as published (and as bundled), the first that exists is taken. */
  readonly names: Readonly<Record<Split, readonly string[]>>;
}

/** A task in the format of ARC and OpenBookQA: `{id, question: {stem, choices: [{label, text}]}, answerKey}` a line. */
function questionChoicesTask({ id, folder, licence, names }: Files): TaskDefinition {
  return defineTask({
    id,
    options: taskOptions,
    create(options) {
      const directory = () => options.dataDir ?? join(bundledDataDir(), folder);
      const read = (split: Split): Example[] => {
        const { file, text } = readDataFile(directory(), names[split]);
        return parseJsonLines(text, rowSchema, file).map((row) => toExample(row, file));
      };
      const split = (name: Split): readonly Example[] => {
        if (options.dataDir !== null) return read(name);
        if (name === 'test') return read('dev');
        return carveDev(read('train'))[name];
      };
      return {
        id,
        kind: 'multiple-choice',
        source: options.dataDir ?? `bundled, ${licence}; published dev split as test, a tenth of train as dev`,
        load: (name) => limited(split(name), name, options),
      };
    },
  });
}

const arc = (id: string, difficulty: string, file: string): TaskDefinition =>
  questionChoicesTask({
    id,
    folder: 'arc',
    licence: 'CC BY-SA 4.0',
    names: {
      train: [`ARC-${difficulty}-Train.jsonl`, `${file}-train.jsonl`],
      dev: [`ARC-${difficulty}-Dev.jsonl`, `${file}-dev.jsonl`],
      test: [`ARC-${difficulty}-Test.jsonl`, `${file}-test.jsonl`],
    },
  });

/** ARC-Challenge (Clark et al. 2018). */
export const arcChallengeTask = arc('arc-challenge', 'Challenge', 'arc-challenge');

/** ARC-Easy (Clark et al. 2018). */
export const arcEasyTask = arc('arc-easy', 'Easy', 'arc-easy');

/** OpenBookQA, without the book (Mihaylov et al. 2018). */
export const openBookQaTask = questionChoicesTask({
  id: 'openbookqa',
  folder: 'openbookqa',
  licence: 'Apache-2.0',
  names: { train: ['train.jsonl'], dev: ['dev.jsonl'], test: ['test.jsonl'] },
});
