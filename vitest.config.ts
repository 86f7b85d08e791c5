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

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['libs/**/*.test.ts', 'apps/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.soak.test.ts'],
    setupFiles: ['tools/ci/fixed-seed.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Tests with servers, browsers and clusters on a shared machine: a second try there, shown as such by the reporter.
    retry: process.env.CI ? 1 : 0,
  },
});
