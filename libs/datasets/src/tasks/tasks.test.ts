import { UserError } from '@gmoe/core';
import { describe, expect, it } from 'vitest';
import { pretrainingText } from '../language-model/pretraining-text.js';
import { testChecks } from '@gmoe/core/testing';
import { taskContract } from '../contract/task-contract.js';
import { createTask as create, folderWith } from '../testing/task-files.js';
import { taskDefinitions } from './index.js';

/** Runs of `size` words, lower case. */
function shingles(text: string, size = 8): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.slice(size - 1).map((_, i) => words.slice(i, i + size).join(' '));
}

for (const task of taskDefinitions) if (task.bundled) testChecks(task.id, taskContract.checks(task));

describe('bundled tasks', () => {
  // Rows of the published files (train and dev), the keyed tenth of train apart.
  it.each([
    ['openstax-topics', 3000, 321, 720],
    ['arc-challenge', 1119, null, 299],
    ['arc-easy', 2251, null, 570],
    ['openbookqa', 4957, null, 500],
    ['boolq', 9427, null, 1635],
  ])('%s has its examples', (id, train, dev, test) => {
    const task = create(id);
    const repeated = task.origin('train').dropped['also in dev or test'] ?? 0;
    const counts = [task.load('train').length + repeated, task.load('dev').length];
    if (dev === null) {
      expect(counts[0]! + counts[1]!).toBe(train);
      expect(Math.abs(counts[1]! / train - 0.1)).toBeLessThan(0.025);
    } else expect(counts).toEqual([train, dev]);
    expect(task.load('test').length).toBe(test);
    const all = [...task.load('train'), ...task.load('dev'), ...task.load('test')];
    expect(new Set(all.map((each) => each.id)).size).toBe(all.length);
    for (const { options, answer } of all) expect(answer >= 0 && answer < options.length).toBe(true);
  });

  it('are those that say so', () => {
    const bundled = taskDefinitions.filter((each) => each.bundled).map(({ id }) => id);
    expect(bundled.sort()).toEqual(['arc-challenge', 'arc-easy', 'boolq', 'openbookqa', 'openstax-topics']);
  });

  it('asks as the authors do', () => {
    const [first] = create('arc-challenge').load('test');
    expect(first!.prompt).toMatch(/^Please choose the correct answer to the question: .+ \(A\) .+ \(B\) .+\nAnswer:$/s);
    expect(first!.options.slice(0, 2)).toEqual([' A', ' B']);
    expect(create('boolq').load('train')[0]).toMatchObject({
      prompt:
        'Please answer the following question with true or false: do iran and afghanistan speak the same language?\nAnswer:',
      options: [' true', ' false'],
      answer: 0,
    });
  });

  it('letters numbered choices by their place, and takes three to five of them', () => {
    const row = (labels: string[], answerKey: string) =>
      JSON.stringify({
        id: labels.join(''),
        question: { stem: 'q', choices: labels.map((label) => ({ label, text: `t${label}` })) },
        answerKey,
      });
    const rows = [row(['1', '2', '3', '4'], '3'), row(['A', 'B', 'C', 'D', 'E'], 'E')];
    const dir = folderWith({ 'ARC-Challenge-Test.jsonl': rows.join('\n') });
    const examples = create('arc-challenge', { dataDir: dir }).load('test');
    expect(examples.map(({ options, answer }) => [options.length, answer])).toEqual([
      [4, 2],
      [5, 4],
    ]);
    expect(examples[0]!.prompt).toContain('(C) t3');
  });

  it.each([
    ['{"id": "a"}', /ARC-Easy-Train\.jsonl:1: question: /],
    [
      '{"id": "a", "question": {"stem": "s", "choices": [{"label":"A","text":"x"},{"label":"B","text":"y"}]}, "answerKey": "C"}',
      /ARC-Easy-Train\.jsonl:1: answerKey: is not among its labels A, B \(got "C"\)/,
    ],
    ['nonsense', /ARC-Easy-Train\.jsonl:1: not JSON/],
  ])('names file, line and field of a bad row: %s', (line, message) => {
    const dir = folderWith({ 'ARC-Easy-Train.jsonl': `${line}\n` });
    expect(() => create('arc-easy', { dataDir: dir }).load('train')).toThrow(message);
    expect(() => create('arc-easy', { dataDir: dir }).load('train')).toThrow(UserError);
    expect(() => create('arc-easy', { dataDir: dir }).load('dev')).toThrow(
      /none of these files is there: ARC-Easy-Dev\.jsonl/,
    );
  });
});

describe('openstax-topics', () => {
  const task = create('openstax-topics');
  const texts = (split: 'train' | 'dev' | 'test') =>
    task.load(split).map(({ prompt }) => prompt.replace(/\nSubject:$/, ''));

  it('shares no run of eight words between splits, nor with the pretraining text', () => {
    const pretraining = new Set(pretrainingText().train.flatMap((document) => shingles(document)));
    const train = new Set(texts('train').flatMap((text) => shingles(text)));
    const dev = new Set(texts('dev').flatMap((text) => shingles(text)));
    const overlap = (passages: readonly string[], ...others: ReadonlySet<string>[]) =>
      passages.filter((text) => shingles(text).some((run) => others.some((other) => other.has(run)))).length /
      passages.length;
    expect(overlap(texts('train'), pretraining)).toBe(0);
    expect(overlap(texts('dev'), pretraining, train)).toBe(0);
    expect(overlap(texts('test'), pretraining, train, dev)).toBe(0);
  });

  it('never names the subject', () => {
    for (const split of ['train', 'dev', 'test'] as const) {
      for (const text of texts(split))
        expect(text).not.toMatch(/\b(anatomy|astronomy|chemistry|microbiology|physics|psychology)\b/i);
    }
  });
});
