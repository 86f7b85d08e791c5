const { existsSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { batchExecutor } = require('./batch.js');

/** A library's doors: what others import of it. */
const ENTRIES = ['src/index.ts', 'src/testing/index.ts'];

async function run(projects, root) {
  const { build } = require('esbuild');
  const results = await Promise.all(
    projects.map(async ({ name, root: folder }) => {
      const entryPoints = ENTRIES.map((entry) => join(root, folder, entry)).filter(existsSync);
      const outdir = join(root, 'dist', folder);
      rmSync(outdir, { recursive: true, force: true });
      const done = await build({
        entryPoints,
        outdir,
        outbase: join(root, folder, 'src'),
        absWorkingDir: root,
        bundle: true,
        splitting: true,
        packages: 'external',
        platform: 'node',
        target: 'node20',
        format: 'esm',
        sourcemap: true,
        // The workspace's own packages are named, not found: each is built by itself.
        tsconfigRaw: { compilerOptions: { target: 'es2023', verbatimModuleSyntax: true } },
        logLevel: 'silent',
      }).catch((error) => error);
      const errors = (done.errors ?? [done]).map(
        (error) => `${error.location?.file ?? name}: ${error.text ?? error}\n`,
      );
      return [name, { success: errors.length === 0, terminalOutput: errors.join('') }];
    }),
  );
  for (const [, { terminalOutput }] of results) process.stdout.write(terminalOutput);
  return new Map(results);
}

module.exports = batchExecutor(run);
