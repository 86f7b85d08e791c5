import { join } from 'node:path';
import { findUpward } from '@gmoe/core';
import type { CaseReport } from '@gmoe/verify';
import type { Command } from 'commander';
import pc from 'picocolors';
import { addEngineOptions, readEngineOptions } from '../engine-options.js';
import { EXIT } from '../exit.js';

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description("repeat the authors' goldens through the product's own code; exit 1 if one fails")
    .argument('[dir]', 'folder of NAME.json and NAME.safetensors (default: the bundled goldens)')
    .option('--all', 'print every output and gradient, not only the worst and those that fail');
  addEngineOptions(command).action(async (dir: string | undefined, options: { all?: boolean }) => {
    const { verifyDirectory } = await import('@gmoe/verify');
    const folder = dir ?? bundledGoldens();
    // Without a choice both engines run.
    const chosen = readEngineOptions(options);
    const engines = Object.keys(chosen).length > 0 ? [chosen] : undefined;
    let failed = 0;
    let count = 0;
    for await (const report of verifyDirectory(folder, engines)) {
      count++;
      if (!report.passed) failed++;
      print(report, options.all ?? false);
    }
    process.stdout.write(`${count - failed} passed, ${failed} failed\n`);
    if (failed > 0) process.exitCode = EXIT.failed;
  });
}

function bundledGoldens(): string {
  return join(findUpward(import.meta.url, join('libs', 'verify', 'goldens', 'README.md'), 'GMOE_GOLDENS'), '..');
}

function print({ name, engine, passed, checks, worst, failure }: CaseReport, all: boolean): void {
  const verdict = passed ? pc.green('ok    ') : pc.red('FAILED');
  const detail = failure ?? `worst of ${checks.length}: ${describe(worst!)}`;
  process.stdout.write(`${verdict} ${name.padEnd(28)} ${(engine ?? '').padEnd(8)} ${detail}\n`);
  for (const check of checks) {
    if (all || !check.passed) process.stdout.write(`       ${check.passed ? '  ' : '! '}${describe(check)}\n`);
  }
}

const describe = ({ name, error, tolerance, measure }: NonNullable<CaseReport['worst']>): string =>
  `${name} ${error.toExponential(1)} of ${tolerance}${measure === 'absolute' ? ' absolute' : ''}`;
