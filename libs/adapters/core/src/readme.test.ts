import { readFileSync } from 'node:fs';
import { testChecks } from '@gmoe/core/testing';
import { expect, it } from 'vitest';
import { adapterContract } from './testing/index.js';
import { scaleAdapter } from './testing/scale-adapter.js';

testChecks("README's adapter keeps the contract", adapterContract.checks(scaleAdapter));

it("README's adapter is the one tested", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const [, example] = /```ts\n(.*?)```/s.exec(read('../README.md'))!;
  expect(read('./testing/scale-adapter.ts').replace("'../index.js'", "'@gmoe/adapters-core'")).toBe(example);
});
