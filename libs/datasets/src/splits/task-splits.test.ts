import { RandomKey } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { encodeExamples } from '../encoding/encode-examples.js';
import { trainingBatches } from '../packing/training-batches.js';
import { dataReport } from '../report/data-report.js';
import { reportText } from '../report/report-text.js';
import { createTask, folderWith, jsonLines } from '../testing/task-files.js';

const question = (id: string, stem: string, answerKey = 'A', labels = ['A', 'B']) => ({
  id,
  question: { stem, choices: labels.map((label) => ({ label, text: `t${label}` })) },
  answerKey,
});
const arc = (train: object[], dev: object[], test: object[]) =>
  folderWith({
    'ARC-Easy-Train.jsonl': `\uFEFF${jsonLines(...train).replaceAll('\n', '\r\n')}\r\n`,
    'ARC-Easy-Dev.jsonl': jsonLines(...dev),
    'ARC-Easy-Test.jsonl': jsonLines(...test),
  });

describe('rows that are no examples', () => {
  const dataDir = arc(
    [
      question('a', 'one'),
      question('b', 'ONE  '),
      question('c', 'two'),
      question('d', ' '),
      question('e', 'three', '3', ['1', '2', '3', '4']),
      question('f', 'four', 'E', ['A', 'B', 'C', 'D', 'E']),
      question('g', 'five'),
      question('h', 'four', 'E', ['A', 'B', 'C', 'D', 'E']),
    ],
    [question('i', 'two'), question('j', '')],
    [question('k', 'Five'), question('l', 'six'), question('m', 'six')],
  );
  const task = createTask('arc-easy', { dataDir });

  it('are counted by reason; what dev or test hold is left out of train; a byte order mark and CRLF do no harm', () => {
    expect(task.load('train').map(({ id }) => id)).toEqual(['a', 'b', 'e', 'f', 'h']);
    expect(task.origin('train')).toEqual({
      files: ['ARC-Easy-Train.jsonl'],
      encodings: ['utf-8'],
      rows: 8,
      dropped: { 'empty question': 1, 'also in dev or test': 2 },
      repeated: 2,
      beyondLimit: 0,
    });
    expect(task.load('dev').map(({ id }) => id)).toEqual(['i']);
    expect(task.origin('dev').dropped).toEqual({ 'empty question': 1 });
    expect(task.origin('test')).toMatchObject({ rows: 3, dropped: {}, repeated: 1 });
    expect(task.load('train').map(({ answer, options }) => [answer, options.length])).toEqual([
      [0, 2],
      [0, 2],
      [2, 4],
      [4, 5],
      [4, 5],
    ]);
  });

  it('a data report by hand: one token a character', async () => {
    const encoder = {
      startIds: [],
      specialTokens: [],
      encodeAll: async (texts: readonly string[]) =>
        texts.map((text) => Array.from(text, (letter) => letter.codePointAt(0)!)),
    };
    const lengths = task.load('train').map(({ prompt }) => prompt.length + 2);
    const limit = lengths[2]! - 1;
    const report = await dataReport(task, encoder, limit);
    expect(report.missing).toEqual([]);
    const [train, dev, test] = report.splits;
    expect(train).toMatchObject({
      split: 'train',
      rows: 8,
      examples: 5,
      tokens: {
        mean: lengths.reduce((sum, each) => sum + each, 0) / 5,
        max: Math.max(...lengths),
        // Exactly the row's length still fits, since the last token is predicted only.
        truncated: lengths.filter((each) => each - 1 > limit).length,
      },
      balance: { A: 2, B: 0, C: 1, D: 0, E: 2 },
      majority: 2 / 5,
    });
    expect(train!.tokens.truncated).toBe(2);
    // The same as training cuts.
    const encoded = await encodeExamples(task.load('train'), encoder);
    const options = { batchSize: 2, sequenceLength: limit, targets: 'answer' } as const;
    expect(trainingBatches(encoded, options, RandomKey.fromSeed(0), 1).truncated).toBe(2);
    expect(train!.chance).toBeCloseTo((1 / 2 + 1 / 2 + 1 / 4 + 1 / 5 + 1 / 5) / 5, 12);
    // printf '%s\n' '["Please choose ...",[" A"," B"],0]' | sha256sum
    expect(dev!.sha256).toBe('e280d821b46f215e912d5d26d4c9636f15e56779cd110649d1b80d54dab12377');
    expect(test!.balance).toEqual({ A: 3, B: 0 });
    const text = reportText(report);
    expect(text).toMatch(/^train +8 +5 +3 +/m);
    expect(text).toMatch(/train: .*1 dropped \(empty question\); 2 dropped \(also in dev or test\); 2 repeated/);
  });

  it('a split that cannot be read is named beside the others', async () => {
    const half = createTask('piqa', {
      dataDir: folderWith({ 'valid.jsonl': jsonLines({ goal: 'g', sol1: 'x', sol2: 'y', label: 1 }) }),
    });
    const encodeAll = async (texts: readonly string[]) => texts.map((text) => [...text].map(() => 1));
    const report = await dataReport(half, { startIds: [], specialTokens: [], encodeAll }, 64);
    expect(report.splits.map(({ split }) => split)).toEqual(['test']);
    expect(report.missing.map(({ split }) => split)).toEqual(['train', 'dev']);
    expect(reportText(report)).toMatch(/train: cannot be read: .*none of these files is there: train\.jsonl/);
  });

  it('limits count what they leave out, ids may not repeat, an empty split is refused', () => {
    const limited = createTask('arc-easy', { dataDir, testLimit: 2 });
    expect(limited.load('test').length).toBe(2);
    expect(limited.origin('test').beyondLimit).toBe(1);
    const twice = createTask('arc-easy', { dataDir: arc([question('a', 'x'), question('a', 'y')], [], []) });
    expect(() => twice.load('train')).toThrow(
      /ARC-Easy-Train\.jsonl:2: id: is that of line 1 too; every row needs its own \(got "a"\)/,
    );
    expect(() => twice.load('test')).toThrow(/the test split has no example/);
  });
});
