import {
  isClusterWorker,
  startWorker,
  summarise,
  SweepStore,
  type TrialExecutor,
  type WorkerEvent,
} from '@gmoe/experiment';
import { createTrialExecutor } from '@gmoe/trial';
import { parseOptions } from '@gmoe/core';
import type { Command } from 'commander';
import { z } from 'zod';
import { measureBaselines } from '../baselines.js';
import { addEngineOptions, readEngineOptions } from '../engine-options.js';
import { EXIT } from '../exit.js';
import { codeOf } from '../code.js';
import { components, schema } from '../components.js';
import { useStoredPlugins } from '../plugins.js';
import { workerCommand } from '../worker-command.js';
import { TrialTracking } from '../tracking/trial-tracking.js';
import type { EngineOptions } from '@gmoe/tensor';

export function addWorker(program: Command): void {
  addEngineOptions(
    program
      .command('worker')
      .description("take open trials of a sweep's store, from any machine that sees its folder, until none is left")
      .requiredOption('--store <dir>', 'folder of the sweep, e.g. runs/quickstart')
      .option('--jobs <n>', 'trials at a time, each a process of its own on cores of its own', '1')
      .action(async (options: { store: string; jobs: string }) => {
        const { jobs } = parseOptions(z.object({ jobs: z.coerce.number().int().min(1) }), { jobs: options.jobs }, '--');
        const store = SweepStore.open(options.store);
        await useStoredPlugins(store.folder);
        const engine = readEngineOptions(options);
        process.exitCode = await startWorker({
          store,
          execute: trackedExecutor(store, engine),
          packing: { jobs, command: ({ folder }) => workerCommand(folder, engine) },
          onEvent: (event) => {
            const line = describe(event);
            if (line !== undefined) process.stdout.write(`${line}\n`);
          },
        });
        const damaged = summarise(store).damaged;
        if (damaged > 0 && !isClusterWorker() && process.exitCode === 0) {
          process.exitCode = EXIT.failed;
          process.stderr.write(`gmoe: ${damaged} damaged results were left alone; gmoe plan names them\n`);
        }
        if (isClusterWorker() && process.exitCode === 0) await measureBaselines(store, engine);
      }),
  );
}

/** One line when a trial begins and ends. */
function describe(event: WorkerEvent): string | undefined {
  if (event.type === 'trouble') return `trouble   ${event.message}; no trial is charged`;
  const name = `${event.trial.arm}, seed ${event.trial.seed}`;
  if (event.type === 'damaged') return `DAMAGED   ${name}: ${event.message}`;
  if (event.type === 'begin') {
    return `started   ${name}${event.resumedFrom === undefined ? '' : ` (goes on from step ${event.resumedFrom})`}`;
  }
  if (event.type !== 'end') return undefined;
  const { end } = event;
  if (end.type === 'published') return `done      ${name}`;
  if (end.type === 'stopped') return `paused    ${name}, with a checkpoint`;
  return end.type === 'again' ? `again     ${name}: ${end.failure.message}` : undefined;
}

/** Runs trials and records them in the sweep's journals. */
export function trackedExecutor(store: SweepStore, engine: EngineOptions): TrialExecutor {
  const tracking = new TrialTracking(store);
  const execute = createTrialExecutor({
    components,
    resolve: (config) => schema.resolve(config),
    code: codeOf,
    engine,
    onData: (attempt, task, splits) => tracking.data(attempt, task, splits),
    onEvent: (attempt, event) => tracking.event(attempt, event),
    onOutcome: (attempt, outcome) => tracking.finished(attempt, outcome),
  });
  return async (attempt) => {
    try {
      return await execute(attempt);
    } catch (error) {
      tracking.failed(error);
      throw error;
    }
  };
}
