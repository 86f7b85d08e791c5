import { buildSync } from 'esbuild';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A page's program built from the sources, so that tests need no build before them. */
export function builtProgram(entry = 'libs/report/src/page/main.ts'): string {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'browser',
    target: 'es2023',
    format: 'iife',
    charset: 'utf8',
    tsconfig: 'tsconfig.base.json',
  });
  return outputFiles[0]!.text;
}
