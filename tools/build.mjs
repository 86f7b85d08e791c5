/**
 * `npm run build`, `node tools/build.mjs [OUTDIR]`: the runner, as `gmoe` runs it, the module `gmoe` beside it, the programs of its
 * pages, and the digests of what all were built from.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildSources } from './build-sources.mjs';

/** Packages with native parts, with files of their own, or that are large and seldom used: they stay outside. */
const OUTSIDE = [
  'onnxruntime-node',
  '@tensorflow/*',
  'echarts',
  '@huggingface/hub',
  '@huggingface/gguf',
  'tokenizers',
  'esbuild',
];

/**
 * tfjs is CommonJS: imported, Node would scan its three megabytes for names first; required, it loads in half the time.
 * It stays the one instance that tfjs-node and the wasm backend share.
 */
const requireTfjs = {
  name: 'require-tfjs',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@tensorflow\/tfjs(-data)?$/ }, ({ path, kind }) =>
      kind === 'require-call' ? undefined : { path, namespace: 'required' },
    );
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
      resolveDir: process.cwd(),
    }));
  },
};

const folder = process.argv[2] ?? 'dist/apps/runner';

await build({
  entryPoints: { main: 'apps/runner/src/main.ts', gmoe: 'apps/runner/src/gmoe.ts' },
  outdir: folder,
  bundle: true,
  // What is imported dynamically is loaded when it is used: workers never load the charting library.
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Hundreds of small files cost more to find and open than to run: the other packages become part of the program.
  external: OUTSIDE,
  plugins: [requireTfjs],
  tsconfig: 'tsconfig.base.json',
  sourcemap: true,
  logLevel: 'warning',
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as createRequireHere } from 'node:module';\nconst require = createRequireHere(import.meta.url);",
  },
});

// What runs in a browser: one file a page, which is put into it.
await build({
  entryPoints: { report: 'libs/report/src/page/main.ts', ui: 'libs/ui/src/page/main.ts' },
  outdir: join(folder, 'pages'),
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2023',
  format: 'iife',
  charset: 'utf8',
  legalComments: 'none',
  tsconfig: 'tsconfig.base.json',
  logLevel: 'warning',
});

// npm 10 leaves the mode of the root's own command as it is.
chmodSync(join(folder, 'main.js'), 0o755);

writeFileSync(join(folder, 'sources.json'), `${JSON.stringify(buildSources(), null, 2)}\n`);
