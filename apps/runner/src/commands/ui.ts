import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { parseOptions, UserError } from '@gmoe/core';
import type { Command } from 'commander';
import { z } from 'zod';
import { addEngineOptions, readEngineOptions } from '../engine-options.js';
import { onInterrupt } from '../interrupt.js';
import { usePresentPlugins } from '../plugins.js';
import { workerCommand } from '../worker-command.js';
import { pageOptions, reportResults } from '../write-report.js';

const optionsSchema = z.object({ port: z.coerce.number().int().min(1).max(65_535).optional() });

export function addUi(program: Command): void {
  addEngineOptions(
    program
      .command('ui')
      .description('a local page over all sweeps of a folder while they run: states, curves, logs, stop, rerun')
      .argument('[dir]', 'folder with sweeps', 'runs')
      .option('--port <n>', 'port on loopback (default: a free one)')
      .action(runUi),
  );
}

async function runUi(folder: string, raw: object): Promise<void> {
  const { port } = parseOptions(optionsSchema, raw, '--');
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new UserError(`${folder}: is no folder; give one that holds sweeps, e.g. runs`);
  }
  const engine = readEngineOptions(raw);
  const { serveUi } = await import('@gmoe/ui');
  const { pageProgram, renderReport } = await import('@gmoe/report');
  const stop = onInterrupt('the page is closed; sweeps go on');
  try {
    const server = await serveUi({
      folder,
      port,
      program: pageProgram('ui'),
      startWorker(store) {
        const [command, ...args] = workerCommand(store, engine);
        // It outlives the page, as a worker that was started by hand would.
        spawn(command!, args, { detached: true, stdio: 'ignore' }).unref();
      },
      async renderReport(store) {
        await usePresentPlugins(store);
        const results = await reportResults(store);
        return renderReport(results, 'html', await pageOptions(results));
      },
    });
    process.stdout.write(
      `${server.url}\nthe page is for this machine and for who has this address; Ctrl-C closes it\n`,
    );
    await new Promise<void>((done) => {
      if (stop.signal.aborted) done();
      stop.signal.addEventListener('abort', () => done());
    });
    await server.close();
  } finally {
    stop.dispose();
  }
}
