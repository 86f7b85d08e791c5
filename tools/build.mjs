/** `npm run build`, `node tools/build.mjs [OUTDIR]`: the runner, as `gmoe` runs it; npm packages stay outside. */
import { build } from 'esbuild';

await build({
  entryPoints: { main: 'apps/runner/src/main.ts' },
  outdir: process.argv[2] ?? 'dist/apps/runner',
  bundle: true,
  // What is imported dynamically is loaded when it is used: workers never load the charting library.
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  tsconfig: 'tsconfig.base.json',
  sourcemap: true,
  logLevel: 'warning',
  banner: { js: '#!/usr/bin/env node' },
});
