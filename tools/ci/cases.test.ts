import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('docs/cases.md names tests that are there', () => {
  const page = readFileSync('docs/cases.md', 'utf8');
  const named = [...new Set(page.match(/[\w./-]+\.test\.ts/g))];
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((file) => !existsSync(file))).toEqual([]);
});
