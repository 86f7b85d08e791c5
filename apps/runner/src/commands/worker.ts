import { startWorker, SweepStore, type TrialExecutor } from '@gmoe/experiment';
import { createTrialExecutor } from '@gmoe/trial';
import type { Command } from 'commander';
import { addEngineOptions, readEngineOptions } from '../engine-options.js';
import { registries, schema } from '../registries.js';
import { TrialTracking } from '../tracking/trial-tracking.js';
import type { EngineOptions } from '@gmoe/tensor';

export function addWorker(program: Command): void {
  addEngineOptions(
    program
      .command('worker')
      .description("take open trials of a sweep's store, from any machine that sees its folder, until none is left")
      .requiredOption('--store <dir>', 'folder of the sweep, e.g. runs/quickstart')
      .action(async (options: { store: string }) => {
        const store = SweepStore.open(options.store);
        process.exitCode = await startWorker({ store, execute: trackedExecutor(store, readEngineOptions(options)) });
      }),
  );
}

/** Runs trials and records them in the sweep's journals. */
export function trackedExecutor(store: SweepStore, engine: EngineOptions): TrialExecutor {
  const tracking = new TrialTracking(store);
  const execute = createTrialExecutor({
    registries,
    resolve: (config) => schema.resolve(config),
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
