import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { afterAll, describe, expect, it } from 'vitest';

const require = createRequire(import.meta.url);
const generator = (kind: string) =>
  require(`./${kind}/generator.js`) as (tree: Tree, options: { name: string }) => Promise<void>;

/** The workspace's files that generators read. */
const READ = ['apps/runner/src/built-in.ts'];

function workspace(): Tree {
  const tree = createTreeWithEmptyWorkspace({ formatter: 'prettier' });
  for (const file of READ) tree.write(file, readFileSync(file));
  return tree;
}

const kinds = [
  { kind: 'router', folder: 'libs/routers', alias: '@gmoe/routers-', file: 'router' },
  { kind: 'coordination', folder: 'libs/coordination', alias: '@gmoe/coordination-' },
  { kind: 'dataset', folder: 'libs/tasks', alias: '@gmoe/tasks-', file: 'task' },
] as const;

// The written libraries lie in a folder of the workspace, so that their imports resolve.
const out = join('tmp', `generated-${process.pid}`);
afterAll(() => rmSync(out, { recursive: true, force: true }));

for (const { kind, folder, alias, ...rest } of kinds) {
  const name = 'of-a-test';
  const file = 'file' in rest ? rest.file : kind;
  const tree = workspace();
  await generator(kind)(tree, { name });

  describe(`nx g ./tools/generators:${kind}`, () => {
    it('adds the library, and one line elsewhere', () => {
      expect(tree.children(`${folder}/${name}/src`).sort()).toEqual(
        ['index.ts', `${name}-${file}.test.ts`, `${name}-${file}.ts`].sort(),
      );
      expect(tree.read('apps/runner/src/built-in.ts', 'utf8')).toContain(
        `export * as '${alias}${name}' from '${alias}${name}';`,
      );
    });

    it('refuses a name that is taken, and one that is no name, and writes nothing', async () => {
      const before = tree.listChanges().length;
      await expect(generator(kind)(tree, { name })).rejects.toThrow(/there is a .* 'of-a-test' already/);
      await expect(generator(kind)(tree, { name: 'Of A Test' })).rejects.toThrow(/'Of A Test' is not in kebab case/);
      expect(tree.listChanges()).toHaveLength(before);
    });
  });

  for (const { path, content } of tree.listChanges()) {
    if (!path.startsWith(`${folder}/${name}/src`)) continue;
    const to = join(out, path);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, content!);
  }
  // The library's own tests, contract included.
  await import(join(process.cwd(), out, folder, name, 'src', `${name}-${file}.test.ts`));
}
