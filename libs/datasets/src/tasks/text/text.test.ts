import { testChecks } from '@gmoe/core/testing';
import { describe, expect, it } from 'vitest';
import { taskContract } from '../../contract/task-contract.js';
import { encodeExamples } from '../../encoding/encode-examples.js';
import { isText } from '../../encoding/encoded-example.js';
import { trainingSequence } from '../../packing/training-sequence.js';
import type { ChatExample, TextExample } from '../../example.js';
import { createTask, folderWith, jsonLines } from '../../testing/task-files.js';
import { chatTask } from './chat.js';
import { textTask } from './text.js';

/** One token a character; BOS is 1. */
const encoder = {
  startIds: [1],
  specialTokens: [],
  encodeAll: async (texts: readonly string[]) => texts.map((text) => Array.from(text, (each) => each.codePointAt(0)!)),
};
const read = (ids: readonly number[]) => String.fromCodePoint(...ids);

const rows = Array.from({ length: 30 }, (_, i) => ({ prompt: `q${i}:`, input: i % 2 ? `i${i}` : '', answer: `a${i}` }));
const dataDir = folderWith({
  'rows.jsonl': jsonLines(...rows, { prompt: 'x', answer: ' ' }, { prompt: '', answer: 'y' }),
  'chat.jsonl': jsonLines(
    ...rows.map(({ prompt, answer }) => ({
      messages: [
        { role: 'user', content: prompt },
        { role: 'assistant', content: answer },
      ],
    })),
    { messages: [{ role: 'user', content: 'hm' }] },
  ),
  'share.csv': `turns\n"[{""from"": ""human"", ""value"": ""hi""}, {""from"": ""gpt"", ""value"": ""ho""}]"\n`,
  'bad.jsonl': jsonLines({ messages: [{ role: 'user' }] }),
});

testChecks('text', taskContract.checks(textTask, [{ name: 'rows', options: { dataDir, trainFile: 'rows.jsonl' } }]));
testChecks('chat', taskContract.checks(chatTask, [{ name: 'chat', options: { dataDir, trainFile: 'chat.jsonl' } }]));

const text = (options: object) =>
  createTask<TextExample>('text', { dataDir, trainFile: 'rows.jsonl', testFile: 'rows.jsonl', ...options });

describe('text', () => {
  it('joins prompt and answer as they stand, or through templates; empty ones are dropped and counted', () => {
    expect(text({}).load('test')[3]).toEqual({
      id: 'rows.jsonl-3',
      parts: [
        { text: 'q3:', supervised: false },
        { text: 'a3', supervised: true },
      ],
    });
    expect(text({}).origin('test').dropped).toEqual({ 'empty answer': 1, 'empty question': 1 });
    const templates = { columns: { input: 'input' }, prompt: '{prompt} [{input}]\n', answer: '{answer}.' };
    expect(
      text(templates)
        .load('test')[3]!
        .parts.map((part) => part.text),
    ).toEqual(['q3: [i3]\n', 'a3.']);
    const plain = text({ columns: { prompt: null } });
    expect(plain.load('test')[3]!.parts).toEqual([{ text: 'a3', supervised: true }]);
    expect(() => text({ answer: 'x' })).toThrow(/must hold \{answer\}/);
  });

  it('learns the answer, the space before it included, and the token that ends a text', async () => {
    const example: TextExample = {
      id: 'x',
      parts: [
        { text: 'ab ', supervised: false },
        { text: 'cd', supervised: true },
      ],
    };
    const [encoded] = await encodeExamples([example], encoder);
    expect(encoded).toMatchObject({ start: 1, supervised: [{ begin: 3, end: 6 }], reference: 'cd' });
    const learned = (length: number, endOfText?: number) => {
      const { ids, targets, truncated } = trainingSequence(encoded!, length, 'answer', endOfText);
      return [ids.length, read(targets.map(({ id }) => id)), truncated];
    };
    expect(learned(5)).toEqual([5, ' cd', false]);
    expect(learned(6, 2)).toEqual([6, ' cd\u0002', false]);
    // What is given loses its beginning (BOS stays); then what is learned its end.
    expect(learned(5, 2)).toEqual([5, ' cd\u0002', true]);
    expect(learned(3, 2)).toEqual([3, ' cd', true]);
    const all = trainingSequence(encoded!, 9, 'prompt_and_answer', 2);
    expect(read(all.targets.map(({ id }) => id))).toBe('ab cd\u0002');
  });

  it('a conversation longer than a row keeps its beginning, or its end where only that is learned', async () => {
    const ids = Array.from({ length: 12 }, (_, i) => i + 10);
    const spans = (...supervised: [number, number][]) => ({
      id: 'x',
      ids,
      start: 0,
      supervised: supervised.map(([begin, end]) => ({ begin, end })),
      reference: '',
    });
    const learned = (supervised: [number, number][], length: number) =>
      trainingSequence(spans(...supervised), length, 'answer').targets.map(({ id }) => id);
    expect(
      learned(
        [
          [2, 4],
          [8, 12],
        ],
        5,
      ),
    ).toEqual([12, 13]);
    expect(
      learned(
        [
          [2, 4],
          [8, 12],
        ],
        8,
      ),
    ).toEqual([12, 13, 18]);
    expect(
      learned(
        [
          [8, 9],
          [10, 12],
        ],
        4,
      ),
    ).toEqual([18, 20, 21]);
    const empty = { ...spans(), id: 'y' };
    expect(() => trainingSequence(empty, 4, 'answer')).toThrow("task: example 'y' has no token that is learned");
  });

  it('through a chat template, a text is a conversation', async () => {
    const chat = {
      render: () => '',
      conversation: (messages: readonly { role: string; content: string }[]) => {
        const written = messages.map(({ role, content }) => `<${role}>${content}`).join('');
        const begin = written.indexOf('<assistant>') + '<assistant>'.length;
        return { text: written, assistant: [{ begin, end: written.length }] };
      },
    };
    const examples = text({ chatTemplate: true, system: 'be kind' });
    expect(examples.chat).toEqual({ system: 'be kind' });
    const [encoded] = await encodeExamples([examples.load('test')[3]!], encoder, { chat, system: 'be kind' });
    if (!encoded || !isText(encoded)) throw new Error('not a text');
    expect(read(encoded.ids)).toBe('<system>be kind<user>q3:<assistant>a3');
    expect(encoded.start).toBe(0);
    expect(read(encoded.ids.slice(encoded.supervised[0]!.begin))).toBe('a3');
  });
});

describe('chat', () => {
  const chat = (options: object) => createTask<ChatExample>('chat', { dataDir, ...options });

  it('reads {role, content}, and {from, value} with the names that files have for roles', () => {
    const task = chat({ testFile: 'chat.jsonl', system: 'be kind' });
    expect(task.load('test')[0]!.messages).toEqual([
      { role: 'system', content: 'be kind' },
      { role: 'user', content: 'q0:' },
      { role: 'assistant', content: 'a0' },
    ]);
    expect(task.origin('test').dropped).toEqual({ 'empty answer': 1 });
    expect(chat({ testFile: 'share.csv', columns: { messages: 'turns' } }).load('test')[0]!.messages).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'ho' },
    ]);
  });

  it('names file, line and column of what is no conversation; needs a chat template', async () => {
    expect(() => chat({ testFile: 'bad.jsonl' }).load('test')).toThrow(
      /^bad\.jsonl:1: messages: must be a list of turns, each \{role, content\} or \{from, value\} with texts/,
    );
    const [example] = chat({ testFile: 'share.csv', columns: { messages: 'turns' } }).load('test');
    await expect(encodeExamples([example!], encoder)).rejects.toThrow(
      "task: 'share.csv-0' is a conversation, which needs a base model with a chat template",
    );
  });
});
