import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const base = JSON.parse(readFileSync(new URL('./tsconfig.base.json', import.meta.url), 'utf8')) as {
  compilerOptions: { paths: Record<string, [string]> };
};
/** One rule a path; `*` in a name stands for any text, as TypeScript has it. Exact names come first. */
const alias = Object.entries(base.compilerOptions.paths)
  .sort(([a], [b]) => Number(a.includes('*')) - Number(b.includes('*')))
  .map(([name, [file]]) => ({
    find: new RegExp(`^${name.replace('*', '([^/]+)')}$`),
    replacement: fileURLToPath(new URL('.', import.meta.url)) + file.replace('./', '').replace('*', '$1'),
  }));

/** Tests that start servers, workers and clusters; each file has a process of its own. The others share what they import. */
const OWN_PROCESS = ['libs/{experiment,hub,plugins,tracking,ui}/**/*.test.ts', '{apps,tools}/**/*.test.ts'];
const exclude = ['**/node_modules/**', '**/*.soak.test.ts'];

export default defineConfig({
  resolve: { alias },
  test: {
    setupFiles: ['tools/ci/fixed-seed.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    // Tests with servers, browsers and clusters on a shared machine: a second try there, shown as such by the reporter.
    retry: process.env.CI ? 1 : 0,
    projects: [
      { extends: true, test: { name: 'own process', include: OWN_PROCESS, exclude } },
      {
        extends: true,
        test: { name: 'shared', include: ['libs/**/*.test.ts'], exclude: [...exclude, ...OWN_PROCESS], isolate: false },
      },
    ],
  },
});
