import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ChoiceExample, Split } from '../example.js';
import type { Task } from '../task.js';
import { createTask, folderWith, jsonLines } from '../testing/task-files.js';

/** Written by tools/goldens/hub_datasets.py. */
const hub = (name: string): string => fileURLToPath(new URL(`../testing/hub/${name}`, import.meta.url));

async function pulled(id: string, folder: string, options: object = {}): Promise<Task<ChoiceExample>> {
  const task = createTask(id, { dataDir: folder, ...options });
  await task.prepare?.();
  return task;
}

const answers = (task: Task<ChoiceExample>, split: Split): string[] =>
  task.load(split).map(({ options, answer }) => options[answer]!.trim());

describe('data sets as `gmoe pull` leaves them', () => {
  it('ARC and OpenBookQA: the right configuration, splits as published, labels of their own', async () => {
    for (const [id, folder] of [
      ['arc-challenge', 'arc'],
      ['openbookqa', 'openbookqa'],
    ] as const) {
      const task = await pulled(id, hub(folder));
      expect(task.source).toMatch(/splits as published$/);
      for (const split of ['train', 'dev', 'test'] as const) expect(answers(task, split)).toEqual(['B', 'C']);
      expect(task.load('test')[0]!.prompt).toBe(
        'Please choose the correct answer to the question: Which is a metal? (test) (A) wood (B) iron (C) wool\nAnswer:',
      );
      expect(task.origin('dev').files).toEqual(['validation-00000-of-00001.parquet']);
    }
    expect((await pulled('arc-easy', hub('arc'))).load('train')).toHaveLength(1);
    expect(answers(await pulled('arc-easy', hub('arc'), { answers: 'text' }), 'test')).toEqual(['iron']);
  });

  it('SST-2, TREC, BoolQ: numbered classes, several parts; test splits without answers are not taken', async () => {
    const sst2 = await pulled('sst2', hub('sst2'));
    expect(sst2.source).toMatch(/published dev split as test, a tenth of train as dev$/);
    expect(answers(sst2, 'test')).toEqual(['positive']);
    const trec = await pulled('trec', hub('trec'));
    expect(answers(trec, 'test')).toEqual(['location']);
    expect(trec.load('train').length + trec.origin('train').rows).toBeGreaterThan(0);
    expect(new Set(answers(trec, 'train'))).toEqual(new Set(['description', 'person']));
    expect(answers(await pulled('boolq', hub('boolq')), 'test')).toEqual(['false']);
  });

  it('WinoGrande: the largest configuration, rows without ids', async () => {
    const task = await pulled('winogrande', hub('winogrande'));
    expect(answers(task, 'test')).toEqual(['A']);
    expect(task.load('test')[0]!.id).toBe('winogrande-validation-00000-of-00001-0');
  });

  it('JSON lines in the form of the hub', () => {
    const row = { question: 'q?', choices: { text: ['x', 'y'], label: ['1', '2'] }, answerKey: '2' };
    const dataDir = folderWith({ 'ARC-Easy-Test.jsonl': jsonLines({ id: 'a', ...row }) });
    expect(answers(createTask('arc-easy', { dataDir }), 'test')).toEqual(['B']);
  });

  it('wrong columns are told by file, row and column', async () => {
    const folder = folderWith({});
    mkdirSync(join(folder, 'data'));
    cpSync(join(hub('boolq'), 'data', 'train-00000-of-00001.parquet'), join(folder, 'data', 'train.parquet'));
    const task = await pulled('sst2', folder);
    expect(() => task.load('train')).toThrow(/^train\.parquet:1: text: must be text \(got nothing\)$/);
  });
});

describe('unpacked archives', () => {
  const row = (id: string) => ({
    id,
    question: {
      stem: `q${id}?`,
      choices: [
        { label: 'A', text: 'x' },
        { label: 'B', text: 'y' },
      ],
    },
    answerKey: 'A',
  });
  const nested = (folder: string, path: string, content: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    cpSync(join(folderWith({ file: content }), 'file'), join(folder, path));
  };

  it('files in a folder below are found; in two, they are named', () => {
    const folder = folderWith({});
    nested(folder, 'OpenBookQA-V1/Data/Main/test.jsonl', jsonLines(row('1')));
    nested(folder, 'OpenBookQA-V1/Data/Additional/train_complete.jsonl', jsonLines(row('2')));
    const task = () => createTask('openbookqa', { dataDir: folder });
    expect(
      task()
        .load('test')
        .map(({ id }) => id),
    ).toEqual(['1']);
    nested(folder, 'OpenBookQA-V1/Data/Other/test.jsonl', jsonLines(row('3')));
    expect(() => task().load('test')).toThrow(
      /several folders below it have files of 'openbookqa': .*Main, .*Other; name/,
    );
  });
});
