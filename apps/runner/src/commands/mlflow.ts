import { mkdirSync } from 'node:fs';
import { parseOptions } from '@gmoe/core';
import { mlflowUp, syncDirectory } from '@gmoe/spool';
import { Option, type Command } from 'commander';
import { MlflowClient } from 'mlflow-js-client';
import { z } from 'zod';
import { EXIT } from '../exit.js';
import { onInterrupt } from '../interrupt.js';
import { SyncProgress } from '../tracking/sync-progress.js';

const optionsSchema = z.object({
  store: z.string().min(1),
  port: z.coerce.number().int().min(1).max(65_535).optional(),
});

export function addMlflow(program: Command): void {
  const mlflow = program.command('mlflow').description('a local MLflow server').exitOverride();
  mlflow
    .command('up')
    .description(
      'start a local MLflow server (sqlite, loopback), and keep it fed with the runs of a folder until Ctrl-C',
    )
    .argument('[dir]', 'folder with runs; made if need be', 'runs')
    .addOption(
      new Option('--store <dir>', "folder of the server's database, artifacts and log").default('mlflow-server'),
    )
    .option('--port <n>', 'port (default: 5000, or a free one if that is taken)')
    .option('--debug', 'print stack traces')
    .action(runUp);
}

async function runUp(directory: string, raw: object): Promise<void> {
  const { store, port } = parseOptions(optionsSchema, raw, '--');
  const stop = onInterrupt('uploading what is left, then stopping the server');
  try {
    process.stdout.write('starting an MLflow server; the first time it may have to be downloaded\n');
    const server = await mlflowUp({ directory: store, port }, process.env, stop.signal);
    try {
      const client = new MlflowClient({ trackingUri: server.url });
      process.stdout.write(
        `MLflow ${await client.version()}: ${server.url}  (data and log in ${store})\n` +
          `export MLFLOW_TRACKING_URI=${server.url}\n` +
          `feeding it with the runs in ${directory}; Ctrl-C stops both\n`,
      );
      mkdirSync(directory, { recursive: true });
      const ended = server.exited.then(() => 'ended' as const);
      const progress = new SyncProgress(directory, process.stdout, process.stderr);
      const control = {
        signal: stop.signal,
        onPass: (pass: Parameters<SyncProgress['pass']>[0]) => progress.pass(pass, true),
      };
      const watching = syncDirectory(directory, client, { watch: true }, control);
      if ((await Promise.race([watching, ended])) !== 'ended')
        return progress.end(await syncDirectory(directory, client, { patienceMs: 0 }));
      process.stderr.write(`gmoe: the MLflow server has ended; see ${server.log}\n`);
      process.exitCode = EXIT.failed;
      process.exit();
    } finally {
      await server.stop();
    }
  } finally {
    stop.dispose();
  }
}
