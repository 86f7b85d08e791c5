import { existsSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@gmoe/core';
import { bundledDataDir } from '@gmoe/datasets';
import { probeEngines } from '@gmoe/tensor';
import { bundledBaseDir } from '@gmoe/trial';
import type { Command } from 'commander';
import pc from 'picocolors';
import { EXIT } from '../exit.js';
import { packageVersions } from '../tracking/package-versions.js';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('tell which engines and devices work here, and why others do not')
    .action(async () => {
      const print = (ok: boolean, what: string, detail: string) =>
        process.stdout.write(`${ok ? pc.green('yes') : pc.yellow('no ')}  ${what.padEnd(20)}  ${detail}\n`);
      const versions = Object.entries(packageVersions()).map(([name, version]) => `${name} ${version}`);
      process.stdout.write(
        `${process.platform} ${process.arch}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB\n`,
      );
      process.stdout.write(`${versions.join(', ')}\n\n`);
      const probes = await probeEngines();
      for (const { engine, device, ok, detail } of probes) print(ok, `${engine} ${device}`, detail);
      process.stdout.write('\n');
      check(print, 'bundled base model', () => {
        const folder = bundledBaseDir();
        if (!existsSync(join(folder, 'model.safetensors'))) throw new Error(`${folder} has no model.safetensors`);
        return folder;
      });
      check(print, 'bundled data', bundledDataDir);
      const uri = process.env['MLFLOW_TRACKING_URI'];
      print(
        uri !== undefined,
        'MLflow',
        uri ?? 'MLFLOW_TRACKING_URI is not set: runs are kept beside the sweep, gmoe sync uploads them later',
      );
      if (!probes.some(({ engine, device, ok }) => engine === 'compiled' && device === 'cpu' && ok))
        process.exitCode = EXIT.failed;
    });
}

function check(print: (ok: boolean, what: string, detail: string) => void, what: string, find: () => string): void {
  try {
    print(true, what, find());
  } catch (error) {
    print(false, what, messageOf(error));
  }
}
