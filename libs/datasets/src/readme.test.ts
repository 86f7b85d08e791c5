import { readFileSync } from 'node:fs';
import { testChecks } from '@gmoe/core/testing';
import { expect, it } from 'vitest';
import { taskContract } from './index.js';
import { folderWith, jsonLines } from './testing/task-files.js';
import { riddlesTask } from './testing/riddles-task.js';

const riddle = (i: number) => ({ id: `r${i}`, riddle: `what is ${i}?`, solvable: i % 2 === 0 });
const rows = (first: number, count: number) => jsonLines(...Array.from({ length: count }, (_, i) => riddle(first + i)));
const dataDir = folderWith({ 'train.jsonl': rows(0, 40), 'test.jsonl': rows(40, 10) });

testChecks(
  "README's task keeps the contract",
  taskContract.checks(riddlesTask, [
    { name: 'as published', options: { dataDir } },
    { name: 'with shots', options: { dataDir, shots: 2, testLimit: 5 } },
  ]),
);

it("README's task is the one tested", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const [, example] = /```ts\n(.*?)```/s.exec(read('../README.md'))!;
  expect(read('./testing/riddles-task.ts').replace("'../index.js'", "'@gmoe/datasets'")).toBe(example);
  expect(read('../README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(40);
});
