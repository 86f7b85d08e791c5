import { parseOptions } from '@gmoe/core';
import type { Command } from 'commander';
import { z } from 'zod';
import { EXIT } from '../exit.js';
import { onInterrupt } from '../interrupt.js';
import { createPullProgress, megabytes } from '../progress/pull-progress.js';

const optionsSchema = z.object({
  revision: z.string().optional(),
  to: z.string().min(1).optional(),
  all: z.boolean().optional(),
  file: z.array(z.string().min(1)).default([]),
});

export function addPull(program: Command): void {
  program
    .command('pull')
    .description('fetch a model or dataset of the Hugging Face hub; goes on where it was stopped')
    .argument('<id>', 'ORG/NAME, or datasets/ORG/NAME')
    .option('--revision <name>', 'branch, tag or commit (default: main)')
    .option('--to <dir>', "folder for plain files (default: the cache of Hugging Face's tools, HF_HUB_CACHE)")
    .option(
      '--file <name>',
      'only this file, with card and licence; several times for several',
      (name: string, all: string[] = []) => [...all, name],
    )
    .option('--all', 'every file of a model, other weight formats and subfolders too')
    .addHelpText('after', '\nHF_TOKEN, HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_HUB_OFFLINE are honoured.')
    .action(runPull);
}

async function runPull(id: string, raw: object): Promise<void> {
  const { revision, to, all, file } = parseOptions(optionsSchema, raw, '--');
  const { hubSettings, pull } = await import('@gmoe/hub');
  const settings = hubSettings(process.env);
  const stop = onInterrupt('stopping; the same command goes on from there');
  const progress = createPullProgress(process.stderr);
  try {
    const pulled = await pull(id, settings, {
      ...(revision === undefined ? {} : { revision }),
      ...(to === undefined ? {} : { to }),
      ...(all === undefined ? {} : { all }),
      only: file,
      signal: stop.signal,
      onProgress: (now) => progress.show(now),
    });
    progress.close();
    const { kind, name, commit, files, bytes, filesKept, filesSkipped, folder } = pulled;
    const kept = filesKept > 0 ? `, ${filesKept} of them there before` : '';
    const skipped = filesSkipped > 0 ? `; ${filesSkipped} files left out (--all)` : '';
    process.stdout.write(
      `${kind} ${name} at ${commit.slice(0, 12)}: ${files} files, ${megabytes(bytes)}${kept}, checksums right${skipped}\n`,
    );
    process.stdout.write(`${[folder, ...file.slice(0, 1)].join('/')}\n`);
  } catch (error) {
    progress.close();
    if (!stop.signal.aborted) throw error;
    process.exitCode = EXIT.interrupted;
  } finally {
    stop.dispose();
  }
}
