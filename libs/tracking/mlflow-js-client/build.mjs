/** Builds the package, ready for `npm pack`, into dist/libs/tracking/mlflow-js-client or the folder named. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = process.argv[2] ?? fileURLToPath(new URL('../../../dist/libs/tracking/mlflow-js-client', import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
rmSync(out, { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', join(here, 'tsconfig.build.json'), '--outDir', out], { stdio: 'inherit' });
for (const file of ['package.json', 'README.md']) copyFileSync(join(here, file), join(out, file));
