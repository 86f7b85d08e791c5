import type { ComponentChoice } from '@gmoe/core';
import { UserError } from '@gmoe/core';
import { encodeExamples, SPLITS, taskKind } from '@gmoe/datasets';
import { createTokenizer, trainBpe } from '@gmoe/model';
import { encodingOf } from '@gmoe/trial';
import { components } from '../../components.js';
import type { OptionCases } from './option-case.js';
import { taskFolder } from './task-inputs.js';

/** A byte-level tokenizer with a chat template that needs a user's turn. */
const tokenizer = createTokenizer(trainBpe([], { vocabSize: 257 }), {
  eos_token: '<|endoftext|>',
  chat_template:
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}",
});

/** Examples of a split whose tokens are looked at. */
const FEW = 3;

const folders = new Map<string, string>();
/** What a config names stays where it is while tests compare. */
export function folderOf(id: string, word = 'apple'): string {
  const key = `${id} ${word}`;
  if (!folders.has(key)) folders.set(key, taskFolder(id, word));
  return folders.get(key)!;
}

/** Where the data of a task are, beside the option that is looked at. */
export function taskInputs(id: string): Record<string, string> {
  return {
    dataDir: folderOf(id),
    ...('trainFile' in components.get(taskKind, id).options.shape ? { trainFile: 'rows.jsonl' } : {}),
    ...(id === 'multiple-choice' ? { labels: 'text' } : {}),
  };
}

/** The examples of every split and their tokens; a refusal is what comes of it, too. */
export async function probeTask(choice: ComponentChoice): Promise<unknown> {
  const task = components.build(taskKind, choice);
  try {
    await task.prepare?.();
    const encoding = encodingOf(task, tokenizer);
    const splits = await Promise.all(
      SPLITS.map(async (split) => [
        task.load(split),
        await encodeExamples(task.load(split).slice(0, FEW), tokenizer, encoding),
      ]),
    );
    return [task.kind, task.classes, splits];
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

const column = { 'columns.id': { to: 'key' }, 'columns.domain': { to: 'about' } };
const own = {
  dataDir: { to: () => folderOf('text', 'pear') },
  trainFile: { to: 'more.jsonl' },
  devFile: { to: 'more.jsonl' },
  testFile: { to: 'more.jsonl' },
  format: { to: 'jsonl', beside: { trainFile: 'rows.txt' } },
  delimiter: { to: ';', beside: { trainFile: 'rows.csv' } },
  ...column,
};
const ofTask = (id: string, cases: OptionCases): OptionCases =>
  Object.fromEntries(Object.entries(cases).map(([option, each]) => [`task ${id}.${option}`, each]));

/** Options of the tasks. */
export const TASK_CASES: OptionCases = {
  'task *.trainLimit': { to: 3 },
  'task *.devLimit': { to: 1 },
  'task *.testLimit': { to: 1 },
  'task *.dataDir': { to: (id: string) => folderOf(id, 'pear') },
  'task *.shots': { to: 1 },
  'task *.shotsSeed': { to: 7, beside: { shots: 1 } },
  'task *.chatTemplate': { to: true },
  'task *.system': { to: 'be brief', beside: { chatTemplate: true } },
  'task *.answers': { to: 'text' },
  'task *.style': { to: 'lm-eval' },
  ...ofTask('classification', {
    ...own,
    'columns.text': { to: 'question' },
    'columns.label': { to: 'other' },
    labels: { to: 'zero-based', beside: { 'columns.label': 'number', classes: ['1', '2', '3'] } },
    classes: { to: ['B', 'A'] },
    prompt: { to: '{text}?' },
  }),
  ...ofTask('multiple-choice', {
    ...own,
    'columns.question': { to: 'text' },
    'columns.choices': { to: 'choices2' },
    'columns.answer': { to: 'other' },
    'columns.context': { to: 'context' },
    labels: { to: 'one-based', from: 'zero-based', beside: { 'columns.answer': 'number' } },
    prompt: { to: '{question}!' },
  }),
  ...ofTask('text', {
    ...own,
    'columns.prompt': { to: 'question' },
    'columns.answer': { to: 'other' },
    'columns.input': { to: 'context', beside: { prompt: '{prompt} {input}' } },
    prompt: { to: '{prompt}!' },
    answer: { to: ' {answer}' },
  }),
  ...ofTask('chat', { ...own, 'columns.messages': { to: 'messages2' }, system: { to: 'be brief' } }),
};
