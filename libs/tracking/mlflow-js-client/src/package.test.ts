import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const folder = mkdtempSync(join(tmpdir(), 'mlflow-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it(
  'is a package of its own: packs, and works with zod alone, the README’s example included',
  { timeout: 180_000 },
  () => {
    const built = join(folder, 'built');
    const lib = fileURLToPath(new URL('..', import.meta.url));
    mkdirSync(built);
    for (const file of ['package.json', 'README.md', 'LICENSE']) copyFileSync(join(lib, file), join(built, file));
    execFileSync(process.execPath, [join(lib, 'build.mjs'), join(built, 'dist')]);
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
        cwd: built,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as [{ filename: string; files: { path: string }[] }];
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'package.json',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/testing/index.js',
        'dist/testing/index.d.ts',
      ]),
    );
    expect(paths.filter((path) => path.includes('.test.'))).toEqual([]);

    const modules = join(folder, 'user', 'node_modules');
    mkdirSync(modules, { recursive: true });
    writeFileSync(join(folder, 'user', 'package.json'), '{"type":"module"}');
    execFileSync('tar', ['xzf', join(folder, packed.filename), '-C', modules]);
    execFileSync('mv', [join(modules, 'package'), join(modules, 'mlflow-js-client')]);
    symlinkSync(dirname(createRequire(import.meta.url).resolve('zod/package.json')), join(modules, 'zod'));
    const example = /```ts\n([^]*?)```/.exec(readFileSync(join(lib, 'README.md'), 'utf8'))![1]!;
    writeFileSync(join(folder, 'user', 'report.html'), '<p>');
    const script = `import { FakeMlflow } from 'mlflow-js-client/testing';
const fake = await FakeMlflow.start();
process.env.MLFLOW_TRACKING_URI = fake.url;
${example}
await fake.stop();`;
    writeFileSync(join(folder, 'user', 'example.mjs'), script);
    // Its declarations fit a strict user, without skipLibCheck.
    writeFileSync(
      join(folder, 'user', 'example.ts'),
      example.replace('import {', 'import type { Run } from "mlflow-js-client";\nimport {'),
    );
    const strict = ['--strict', '--noEmit', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2023,dom'];
    execFileSync(process.execPath, [tsc, ...strict, 'example.ts'], { cwd: join(folder, 'user'), stdio: 'inherit' });
    const said = execFileSync(process.execPath, ['example.mjs'], { cwd: join(folder, 'user'), encoding: 'utf8' });
    expect(said).toMatch(/^linear, seed 0 \{[^}]*'router.id': 'linear'[^}]*\} 0\.7\n1 0\.7\n$/);
  },
);
