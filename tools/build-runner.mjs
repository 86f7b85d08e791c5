import { build } from 'esbuild';

/** Bundles the runner into `outdir`: our libs in one file, npm packages stay outside. */
export function buildRunner(outdir) {
  return build({
    entryPoints: { main: 'apps/runner/src/main.ts' },
    outdir,
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
}
