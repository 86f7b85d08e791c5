import { componentChecks, messageOf, type Component } from '@gmoe/core';
import type { Command } from 'commander';
import pc from 'picocolors';
import { components } from '../components.js';
import { EXIT } from '../exit.js';
import { pluginCases, usePlugins } from '../plugins.js';

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('run the contract suite of its kind on every component of a file or package')
    .argument('<plugin...>', 'files, e.g. ./my-router.ts, or packages')
    .action(runCheck);
}

async function runCheck(specifiers: readonly string[]): Promise<void> {
  let failed = 0;
  for (const { source, components: own } of await usePlugins(specifiers, process.cwd())) {
    for (const component of own) failed += await check(source, component);
  }
  process.stdout.write(failed === 0 ? 'all checks hold\n' : `${failed} checks failed\n`);
  if (failed > 0) process.exitCode = EXIT.failed;
}

/** Checks one component and prints a line a check. Returns how many do not hold. */
async function check(source: string, component: Component): Promise<number> {
  const { contracts } = await import('../contracts.js');
  const contract = contracts.find(({ kind }) => kind.name === component.kind.name);
  const checks = contract?.checks(component, pluginCases(component.id), components) ?? componentChecks(component);
  process.stdout.write(`${source}: ${component.kind.label} '${component.id}'\n`);
  let failed = 0;
  for (const { name, run } of checks) {
    try {
      await run();
      process.stdout.write(`  ${pc.green('ok')}     ${name}\n`);
    } catch (error) {
      failed++;
      process.stdout.write(`  ${pc.red('FAILED')} ${name}: ${messageOf(error).split('\n')[0]}\n`);
    }
  }
  return failed;
}
