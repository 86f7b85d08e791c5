import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Graph {
  readonly nodes: Record<
    string,
    { data: { root: string; targets: Record<string, { cache?: boolean; inputs?: unknown[] }> } }
  >;
  readonly dependencies: Record<string, { target: string }[]>;
}

const folder = mkdtempSync(join(tmpdir(), 'gmoe-graph-'));
let graph: Graph;
beforeAll(() => {
  const file = join(folder, 'graph.json');
  execFileSync('node_modules/.bin/nx', ['graph', `--file=${file}`], {
    env: { ...process.env, NX_DAEMON: 'false' },
    stdio: 'ignore',
  });
  ({ graph } = JSON.parse(readFileSync(file, 'utf8')) as { graph: Graph });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Packages of the workspace, `*` for any text, and the folder that each lies in. */
const { paths } = (
  JSON.parse(readFileSync('tsconfig.base.json', 'utf8')) as { compilerOptions: { paths: Record<string, [string]> } }
).compilerOptions;
const packages = Object.entries(paths).sort(([a], [b]) => Number(a.includes('*')) - Number(b.includes('*')));

function folderOf(specifier: string): string | undefined {
  for (const [name, [file]] of packages) {
    const found = new RegExp(`^${name.replace('*', '([^/]+)')}$`).exec(specifier);
    if (found)
      return file
        .replace('./', '')
        .replace('*', found[1] ?? '')
        .replace(/\/src\/.*$/, '');
  }
  return undefined;
}

/** Projects whose sources import the package at a folder, read from the text of their files. */
function importers(target: string): string[] {
  return Object.entries(graph.nodes)
    .filter(
      ([, { data }]) => data.root !== target && sources(data.root).some((file) => importedBy(file).includes(target)),
    )
    .map(([name]) => name);
}

const sources = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
    .map((file) => join(root, file));

const importedBy = (file: string): (string | undefined)[] =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export|\} from)\b.*?'([^']+)';$|\bimport\('([^']+)'\)/gm)].map(
    ([, one, other]) => folderOf((one ?? other)!),
  );

describe('the project graph', () => {
  it('has the targets build, lint, types and test for every project, all cached', () => {
    expect(Object.keys(graph.nodes).length).toBeGreaterThan(35);
    for (const [name, { data }] of Object.entries(graph.nodes)) {
      for (const target of ['build', 'lint', 'types', 'test']) {
        expect(data.targets[target]?.cache, `${name}:${target}`).toBe(true);
      }
      // What a project is tested with is what it imports, as it is now.
      const inputs = data.targets['test']!.inputs!;
      expect(inputs.includes('^imported') || inputs.includes('workspace'), name).toBe(true);
    }
  });

  it.each(['tensor', 'routers-core', 'core'])(
    'has an edge to %s from each project that imports it, and no others',
    (name) => {
      const from = Object.entries(graph.dependencies)
        .filter(([, edges]) => edges.some(({ target }) => target === name))
        .map(([source]) => source);
      expect(from.sort()).toEqual(importers(graph.nodes[name]!.data.root).sort());
      expect(from.length).toBeGreaterThan(5);
    },
  );
});
