import { UserError } from '@gmoe/core';
import { findJournals, syncDirectory, trackingClient } from '@gmoe/spool';
import type { Command } from 'commander';
import { EXIT } from '../exit.js';
import { onInterrupt } from '../interrupt.js';
import { shellCommand } from '../shell-command.js';
import { SyncProgress } from '../tracking/sync-progress.js';

export function addSync(program: Command): void {
  program
    .command('sync')
    .description('upload what MLflow lacks of the runs in a folder, and compare the two; may be repeated any time')
    .argument('<dir>', 'folder of a sweep or a training, or one with many, e.g. runs')
    .option('--watch', 'go on until Ctrl-C, uploading what appears')
    .option('--no-verify', 'do not compare counts and values with the server afterwards')
    .action(runSync);
}

async function runSync(directory: string, options: { watch?: boolean; verify: boolean }): Promise<void> {
  const client = trackingClient();
  if (!client) {
    throw new UserError(
      'MLFLOW_TRACKING_URI: is not set; set it to the address of an MLflow server, e.g. http://127.0.0.1:5000 (gmoe mlflow up starts one)',
    );
  }
  const { watch = false, verify } = options;
  if (!watch && findJournals(directory).length === 0) await refuseEmpty(directory, client);
  const progress = new SyncProgress(directory, process.stdout, process.stderr);
  const stop = onInterrupt('stopping; the same command goes on from there');
  try {
    if (watch) process.stdout.write(`watching ${directory} for ${client.trackingUri}; Ctrl-C ends it\n`);
    const report = await syncDirectory(
      directory,
      client,
      { watch, verify },
      { signal: stop.signal, onPass: (pass) => progress.pass(pass, watch) },
    );
    progress.end(report);
    if (report.complete) return;
    if (!watch)
      process.stderr.write(`gmoe: not everything is uploaded: ${shellCommand(['npx', 'gmoe', 'sync', directory])}\n`);
    process.exitCode = stop.signal.aborted && !watch ? EXIT.interrupted : EXIT.failed;
  } finally {
    stop.dispose();
  }
}

/** @throws UserError saying which of both is wrong: there is no such folder, or there is nothing in it */
async function refuseEmpty(directory: string, client: Parameters<typeof syncDirectory>[1]): Promise<never> {
  await syncDirectory(directory, client);
  throw new UserError(
    `sync: ${directory} holds no runs (no *.spool.jsonl in it or below): name the folder of a sweep or a training, e.g. runs/quickstart`,
  );
}
