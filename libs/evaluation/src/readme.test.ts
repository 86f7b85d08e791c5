import { readFileSync } from 'node:fs';
import { testChecks } from '@gmoe/core/testing';
import { expect, it } from 'vitest';
import { scoringContract } from './index.js';
import { longestOptionScoring } from './testing/longest-option.js';

testChecks("README's scoring keeps the contract", scoringContract.checks(longestOptionScoring));

it("README's scoring is the one tested", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const [, example] = /```ts\n(.*?)```/s.exec(read('../README.md'))!;
  expect(read('./testing/longest-option.ts').replace("'../index.js'", "'@gmoe/evaluation'")).toBe(example);
  expect(read('../README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(40);
});
