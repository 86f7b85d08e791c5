/** Bundles the runner: our libs into one file, npm packages stay outside. */
import { build } from 'esbuild';

await build({
  entryPoints: { main: 'apps/runner/src/main.ts' },
  outdir: 'dist/apps/runner',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  tsconfig: 'tsconfig.base.json',
  sourcemap: true,
  banner: { js: '#!/usr/bin/env node' },
});
