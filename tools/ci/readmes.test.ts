import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { format, stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';

/** Longest README of a lib, lines. */
const LONGEST = 40;
/** A package of its own on npm: its README is its reference there, with a test of its own. */
const LONGER = ['libs/tracking/mlflow-js-client'];
/** Their examples are whole components or need a server, and are run by tests of their lib. */
const OWN_TEST = [
  'libs/adapters/core',
  'libs/datasets',
  'libs/evaluation',
  'libs/families',
  'libs/optimizers',
  'libs/schedules',
  'libs/training',
  'libs/tracking/mlflow-js-client',
];

const libs = execFileSync('git', ['ls-files', 'libs/**/project.json', 'libs/*/project.json'], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .map((file) => dirname(file));

const examples = libs.flatMap((lib) => {
  const file = join(lib, 'README.md');
  if (!existsSync(file) || OWN_TEST.includes(lib)) return [];
  return [...readFileSync(file, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code], i) => ({ lib, code: code!, i }));
});

// Within the workspace, so that imports resolve.
const out = resolve('tmp', `readmes-${process.pid}`);
mkdirSync(out, { recursive: true });
afterAll(() => rmSync(out, { recursive: true, force: true }));
const pathOf = ({ lib, i }: { lib: string; i: number }): string => join(out, `${lib.replaceAll('/', '-')}-${i}.ts`);
for (const example of examples) writeFileSync(pathOf(example), `${example.code}\nexport {};\n`);

describe('the README of each lib', () => {
  it.each(libs)('%s: is there, at most 40 lines', (lib) => {
    const lines = readFileSync(join(lib, 'README.md'), 'utf8').trimEnd().split('\n');
    if (!LONGER.includes(lib)) expect(lines.length).toBeLessThanOrEqual(LONGEST);
  });

  it.each(examples)('$lib: prints what its example says', async (example) => {
    const lines: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((...values) => {
      lines.push(stripVTControlCharacters(format(...values)).replace(/\s*\n\s*/g, ' '));
    });
    try {
      await import(pathOf(example));
    } finally {
      log.mockRestore();
    }
    const said = [...example.code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, comment]) => comment!);
    expect(lines.join('; ')).toBe(said.join('; '));
  });
});
