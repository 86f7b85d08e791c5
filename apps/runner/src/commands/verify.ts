import { join } from 'node:path';
import { findUpward } from '@gmoe/core';
import type { CaseReport } from '@gmoe/verify';
import { Option, type Command } from 'commander';
import { addEngineOptions, readEngineOptions } from '../engine-options.js';
import { EXIT } from '../exit.js';
import { caseLines } from '../progress/verify-table.js';

interface VerifyOptions {
  readonly all?: boolean;
  readonly brief?: boolean;
}

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description(
      "repeat the authors' goldens through the product's own code; per case the worst relative error of every output and gradient; exit 1 if one fails",
    )
    .argument('[dir]', 'folder of NAME.json and NAME.safetensors (default: the bundled goldens)')
    .addOption(new Option('--all', 'a row for every check; else one for those that differ by layer, expert or step'))
    .addOption(new Option('--brief', 'one line a case and engine').conflicts('all'));
  addEngineOptions(command).action(async (dir: string | undefined, options: VerifyOptions) => {
    const { verifyDirectory } = await import('@gmoe/verify');
    const detail = options.all ? 'all' : options.brief ? 'brief' : 'outputs';
    // Without a choice both engines run.
    const chosen = readEngineOptions(options);
    const engines = Object.keys(chosen).length > 0 ? [chosen] : undefined;
    let failed = 0;
    let count = 0;
    let ofCase: CaseReport[] = [];
    const print = () => {
      if (ofCase.length > 0) process.stdout.write(`${caseLines(ofCase, detail).join('\n')}\n`);
      ofCase = [];
    };
    for await (const report of verifyDirectory(dir ?? bundledGoldens(), engines)) {
      if (ofCase.length > 0 && ofCase[0]!.name !== report.name) print();
      ofCase.push(report);
      count++;
      if (!report.passed) failed++;
    }
    print();
    process.stdout.write(`${count - failed} passed, ${failed} failed\n`);
    if (failed > 0) process.exitCode = EXIT.failed;
  });
}

function bundledGoldens(): string {
  return join(findUpward(import.meta.url, join('libs', 'verify', 'goldens', 'README.md'), 'GMOE_GOLDENS'), '..');
}
