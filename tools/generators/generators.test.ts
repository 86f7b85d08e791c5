import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { afterAll, describe, expect, it } from 'vitest';

const require = createRequire(import.meta.url);
type Generator = (tree: Tree, options: { name: string; kind?: string }) => Promise<void>;
const component = require('./component/generator.js') as Generator & Record<string, Generator>;
const { KINDS } = require('./component/kinds.js') as {
  KINDS: Record<string, { folder(name: string): string; list: string; line(name: string, constant: string): string }>;
};
const NAME = 'of-a-test';

/** The files that name components. */
const lists = [...new Set(Object.values(KINDS).map(({ list }) => list))];

function workspace(): Tree {
  const tree = createTreeWithEmptyWorkspace({ formatter: 'prettier' });
  for (const file of lists) tree.write(file, readFileSync(file));
  return tree;
}

/** One tree with a component of each kind. */
const tree = workspace();
for (const kind of Object.keys(KINDS)) await component(tree, { name: NAME, kind });

describe('nx g ./tools/generators:component', () => {
  it('has every kind of the program, and one schema that lists them', () => {
    const { properties } = JSON.parse(readFileSync('tools/generators/component/schema.json', 'utf8')) as {
      properties: { kind: { enum: string[] } };
    };
    expect(properties.kind.enum).toEqual(Object.keys(KINDS));
    const registered = readFileSync('apps/runner/src/components.ts', 'utf8').matchAll(/^ {2}(\w+)Kind,$/gm);
    expect(Object.keys(KINDS)).toEqual([...registered].map(([, kind]) => kind!).sort());
  });

  it.each(Object.keys(KINDS))('%s: adds one line to what names its kind', (kind) => {
    const { list, line } = KINDS[kind]!;
    const constant = `ofATest${kind[0]!.toUpperCase()}${kind.slice(1)}`;
    const added = tree
      .read(list, 'utf8')!
      .split('\n')
      .filter((each) => each === line(NAME, constant));
    expect(added).toHaveLength(1);
  });

  it('refuses a name that is taken, one that is no name and an unknown kind, and writes nothing', async () => {
    const before = tree.listChanges().length;
    for (const kind of Object.keys(KINDS)) {
      await expect(component(tree, { name: NAME, kind })).rejects.toThrow(/there is a .* 'of-a-test' already/);
    }
    await expect(component(tree, { name: 'Of A Test', kind: 'router' })).rejects.toThrow(/is not in kebab case/);
    await expect(component(tree, { name: NAME, kind: 'rooter' })).rejects.toThrow(/'rooter' is none of adapter, /);
    expect(tree.listChanges()).toHaveLength(before);
  });

  it('goes by its former names too', async () => {
    const own = workspace();
    for (const name of ['router', 'coordination', 'dataset']) await component[name]!(own, { name: NAME });
    const paths = own.listChanges().map(({ path }) => path);
    for (const folder of ['routers', 'coordination', 'tasks']) {
      expect(paths).toContain(`libs/${folder}/${NAME}/project.json`);
    }
  });
});

// The written files go into a copy of the libraries that they are part of, within the workspace, so that imports resolve.
const out = resolve('tmp', `generated-${process.pid}`);
afterAll(() => rmSync(out, { recursive: true, force: true }));

const written = tree.listChanges().filter(({ path, content }) => path.includes(NAME) && content !== null);
const isFile = (kind: string): boolean => !KINDS[kind]!.list.startsWith('apps/');
for (const kind of Object.keys(KINDS).filter(isFile)) {
  const folder = KINDS[kind]!.folder(NAME).replace(/\/src\/.*/, '/src');
  cpSync(folder, join(out, folder), { recursive: true, filter: (path) => !/\.test\.ts$|\/(goldens|page)$/.test(path) });
}
for (const { path, content } of written) {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), content!);
}

describe('what it writes', () => {
  it('has types that fit', () => {
    const config = {
      extends: resolve('tsconfig.json'),
      include: written.map(({ path }) => path).filter((path) => path.endsWith('.ts')),
      exclude: [],
    };
    writeFileSync(join(out, 'tsconfig.json'), JSON.stringify(config));
    const { stdout, status } = spawnSync('node_modules/.bin/tsc', ['-p', out, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  }, 120_000);
});

// Their own tests, contracts included.
const tests = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'));
for (const path of tests) await import(join(out, path));

it('a contract test came with each', () => {
  expect(tests).toHaveLength(Object.keys(KINDS).length);
});
