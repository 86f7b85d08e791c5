import { UserError } from '@gmoe/core';
import { describe, expect, it } from 'vitest';
import { createTask, folderWith, jsonLines } from '../testing/task-files.js';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('files as published', () => {
  it('siqa: labels 1 to 3 in a file of their own, and A to C in version 1.4', () => {
    const row = (n: number) => ({ context: `c${n}.`, question: 'why?', answerA: 'x', answerB: 'y', answerC: 'z' });
    const apart = folderWith({
      'train.jsonl': jsonLines(...Array.from({ length: 40 }, (_, i) => row(i + 10))),
      'train-labels.lst': '1\n'.repeat(40),
      'dev.jsonl': jsonLines(row(1), row(2), row(3)),
      'dev-labels.lst': '1\n3\n2\n',
    });
    const task = createTask('siqa', { dataDir: apart });
    expect(task.load('test').map(({ answer }) => answer)).toEqual([0, 2, 1]);
    expect(task.load('test')[0]!.prompt).toBe(
      'Please choose the correct answer to the question.\nQuestion: c1. why?\n(A) x\n(B) y\n(C) z\nAnswer:',
    );
    expect(task.load('train').length + task.load('dev').length).toBe(40);
    expect(task.source).toMatch(/published dev split as test, a tenth of train as dev$/);

    const version14 = folderWith({
      'socialIQa_v1.4_trn.jsonl': jsonLines({ ...row(1), correct: 'C' }),
      'socialIQa_v1.4_dev.jsonl': jsonLines({ ...row(2), correct: 'A' }),
      'socialIQa_v1.4_tst.jsonl': jsonLines({ ...row(3), correct: 'B' }),
    });
    const published = createTask('siqa', { dataDir: version14 });
    expect((['train', 'dev', 'test'] as const).map((split) => published.load(split)[0]!.answer)).toEqual([2, 0, 1]);
    expect(published.source).toMatch(/splits as published$/);
  });

  it('piqa: labels 0 and 1 in a file of their own, which must be as long', () => {
    const row = { goal: 'to sit', sol1: 'a chair', sol2: 'a soup' };
    const files = { 'valid.jsonl': jsonLines(row, { ...row, goal: 'to eat' }), 'valid-labels.lst': '0\r\n1\r\n' };
    expect(
      createTask('piqa', { dataDir: folderWith(files) })
        .load('test')
        .map(({ answer }) => answer),
    ).toEqual([0, 1]);
    const text = createTask('piqa', { dataDir: folderWith(files), answers: 'text' }).load('test')[0];
    expect(text).toMatchObject({ prompt: 'Question: to sit\nAnswer:', options: [' a chair', ' a soup'] });
    expect(() =>
      createTask('piqa', { dataDir: folderWith({ ...files, 'valid-labels.lst': '0\n' }) }).load('test'),
    ).toThrow(/valid\.jsonl has 2 rows, its labels file 1 lines/);
    expect(() =>
      createTask('piqa', { dataDir: folderWith({ ...files, 'valid-labels.lst': '0\n2\n' }) }).load('test'),
    ).toThrow(/valid\.jsonl:2: label: must be 0 to 1 \(got "2"\)/);
  });

  it('hellaswag, winogrande, commonsenseqa, qasc', () => {
    const hellaswag = folderWith({
      'hellaswag_val.jsonl': jsonLines({
        ind: 4,
        ctx_a: 'A man',
        ctx: 'A man is',
        endings: ['a', 'b', 'c', 'd'],
        label: 2,
      }),
    });
    expect(createTask('hellaswag', { dataDir: hellaswag }).load('test')[0]).toMatchObject({ answer: 2 });
    expect(createTask('hellaswag', { dataDir: hellaswag, answers: 'text' }).load('test')[0]).toMatchObject({
      prompt: 'A man is',
      options: [' a', ' b', ' c', ' d'],
    });

    const winogrande = folderWith({
      'dev.jsonl': jsonLines({
        qID: 'Q-1',
        sentence: 'Ann saw Bo as _ left.',
        option1: 'Ann',
        option2: 'Bo',
        answer: '2',
      }),
    });
    expect(createTask('winogrande', { dataDir: winogrande }).load('test')[0]).toEqual({
      id: 'Q-1',
      prompt: 'Please choose the correct answer to fill in the blank: Ann saw Bo as _ left. (A) Ann (B) Bo\nAnswer:',
      options: [' A', ' B'],
      answer: 1,
    });

    const choices = ['v', 'w', 'x', 'y', 'z'].map((text, i) => ({ label: 'ABCDE'[i]!, text }));
    const csqa = folderWith({
      'dev_rand_split.jsonl': jsonLines({
        id: 'c',
        answerKey: 'E',
        question: { question_concept: 'k', choices, stem: 's' },
      }),
    });
    expect(createTask('commonsenseqa', { dataDir: csqa }).load('test')[0]).toMatchObject({ id: 'c', answer: 4 });

    const qasc = folderWith({
      'dev.jsonl': jsonLines({ id: 'q', answerKey: 'B', question: { stem: 's', choices }, fact1: 'f' }),
    });
    expect(createTask('qasc', { dataDir: qasc }).load('test')[0]).toMatchObject({ id: 'q', answer: 1 });
  });

  it('trec: Latin-1, coarse classes, the published test file, a tenth of train as dev', () => {
    const train = Array.from({ length: 60 }, (_, i) => `NUM:count How many ${i} ?\r\n`).join('');
    const dataDir = folderWith({
      'train_5500.label': latin1(`HUM:ind Who was Fidel Castr\u00f3 ?\n${train}`),
      'TREC_10.label': latin1('LOC:city What is Malm\u00f6 ?\n'),
    });
    const task = createTask('trec', { dataDir });
    expect(task.load('test')[0]).toMatchObject({ prompt: 'What is Malm\u00f6 ?\nAsks for:', answer: 4 });
    const rest = [...task.load('train'), ...task.load('dev')];
    expect(rest.length).toBe(61);
    expect(rest.some(({ prompt }) => prompt.includes('Castr\u00f3'))).toBe(true);
    expect(task.origin('train').encodings).toEqual(['latin-1']);
    expect(task.source).toMatch(/a tenth of train as dev$/);
  });

  it('sst2: GLUE’s header and quotes; subj: two files; cola: four columns', () => {
    const sst2 = folderWith({
      'train.tsv': 'sentence\tlabel\n"a mess \t0\n',
      'dev.tsv': 'sentence\tlabel\na "fine" film \t1\nno film \t0\n',
    });
    expect(
      createTask('sst2', { dataDir: sst2 })
        .load('test')
        .map(({ prompt, answer }) => [prompt, answer]),
    ).toEqual([
      ['a "fine" film\nSentiment:', 1],
      ['no film\nSentiment:', 0],
    ]);

    const lines = (word: string) => Array.from({ length: 50 }, (_, i) => `${word} ${i}\n`).join('');
    const subj = createTask('subj', {
      dataDir: folderWith({ 'quote.tok.gt9.5000': latin1(lines('caf\u00e9')), 'plot.tok.gt9.5000': lines('plot') }),
    });
    const all = (['train', 'dev', 'test'] as const).flatMap((split) => subj.load(split));
    expect(all.length).toBe(100);
    expect(all.every(({ prompt, answer }) => answer === (prompt.startsWith('caf\u00e9') ? 0 : 1))).toBe(true);
    expect(subj.source).toMatch(/a tenth of train as dev, another as test$/);

    const cola = folderWith({ 'in_domain_dev.tsv': 'gj04\t1\t\tHe "ran.\ngj04\t0\t*\tRan he.\n' });
    expect(
      createTask('cola', { dataDir: cola })
        .load('test')
        .map(({ prompt, answer }) => [prompt, answer]),
    ).toEqual([
      ['He "ran.\nGrammar:', 1],
      ['Ran he.\nGrammar:', 0],
    ]);
    const bad = createTask('cola', {
      dataDir: folderWith({ 'in_domain_dev.tsv': 'gj04\t1\t\tFine.\ngj04\t1\tFine.\n' }),
    });
    expect(() => bad.load('test')).toThrow(/in_domain_dev\.tsv:2: has 3 values between tabs, not 4/);
    const label = createTask('cola', { dataDir: folderWith({ 'in_domain_dev.tsv': 'gj04\tyes\t\tFine.\n' }) });
    expect(() => label.load('test')).toThrow(/in_domain_dev\.tsv:1: label: must be one of 0, 1 \(got "yes"\)/);
  });

  it('a task that is not bundled names its files; a folder must be there', () => {
    const message = (act: () => unknown) => {
      try {
        act();
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        return (error as Error).message;
      }
      return 'no error';
    };
    expect(message(() => createTask('piqa').load('train'))).toBe(
      "task.dataDir: 'piqa' is not bundled: name the folder that holds its files (--data DIR): train.jsonl; valid.jsonl, dev.jsonl, valid-even.jsonl",
    );
    expect(message(() => createTask('cola', { dataDir: '/no/such' }).load('train'))).toBe(
      'task.dataDir: /no/such: no such folder',
    );
    expect(message(() => createTask('cola', { dataDir: folderWith({}) }).load('test'))).toMatch(
      /none of these files is there: in_domain_dev\.tsv, dev\.tsv$/,
    );
  });
});
