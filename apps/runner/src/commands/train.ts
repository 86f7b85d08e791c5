import { basename, dirname, extname, join, resolve } from 'node:path';
import { UserError } from '@gmoe/core';
import { AttemptStopped, parseSweep, runWorker, SweepStore, type JsonObject } from '@gmoe/experiment';
import type { Command } from 'commander';
import { checkData } from '../data-needs.js';
import { dataOverride } from '../data-override.js';
import { addEngineOptions, readEngineOptions, requireEngine } from '../engine-options.js';
import { EXIT } from '../exit.js';
import { onInterrupt } from '../interrupt.js';
import { PlainProgress } from '../progress/plain-progress.js';
import { readYaml } from '../read-yaml.js';
import { planWithPlugins, storePlugins } from '../plugins.js';
import { shellCommand } from '../shell-command.js';
import { registerSweep } from '../tracking/sweep-tracking.js';
import { startUpload } from '../tracking/upload.js';
import { trackedExecutor } from './worker.js';

export function addTrain(program: Command): void {
  addEngineOptions(
    program
      .command('train')
      .description('fine-tune once, as a trial config says; resumes where it was stopped')
      .argument('<trial.yaml>', "trial config (YAML or JSON), or a sweep trial's config.json")
      .option('--out <dir>', 'folder of the run (default: runs/NAME)')
      .option('--set <path=value...>', 'override a field', (value: string, all: string[] = []) => [...all, value])
      .option('--data <dir>', "folder with the task's files; the same as --set task.dataDir=DIR")
      .action(runTrain),
  );
}

async function runTrain(file: string, options: { out?: string; set?: string[]; data?: string }): Promise<void> {
  const name = `train-${basename(file, extname(file))}`;
  const { preset, plugins, ...trial } = trialOf(readYaml(file), file);
  const spec = parseSweep(
    { trial, ...(preset === undefined ? {} : { preset }), ...(plugins === undefined ? {} : { plugins }) },
    {
      source: file,
      name,
      set: [...(options.set ?? []), ...dataOverride(options.data)],
      folders: [dirname(resolve(file))],
    },
  );
  const plan = await planWithPlugins(spec, { folder: dirname(file), set: options.set ?? [] });
  if (plan.trials.length !== 1) {
    throw new UserError(`${file}: describes ${plan.trials.length} trials; gmoe train takes one (gmoe sweep runs many)`);
  }
  const engine = readEngineOptions(options);
  await requireEngine(engine);
  const folder = resolve(options.out ?? join('runs', plan.name));
  await checkData(plan, folder);
  const store = SweepStore.create(folder, plan);
  storePlugins(store.folder);
  const words = [
    'npx',
    'gmoe',
    'train',
    file,
    ...[...(options.set ?? []), ...dataOverride(options.data)].flatMap((each) => ['--set', each]),
  ];
  registerSweep(store, shellCommand(words), { standalone: true });
  const upload = startUpload(store);
  const progress = new PlainProgress(store, process.stdout);
  const stop = onInterrupt('stopping with a checkpoint; the same command goes on from there');
  const reason = new AbortController();
  stop.signal.addEventListener('abort', () => reason.abort(new AttemptStopped('stop')));
  const [planned] = plan.trials;
  const summary = await runWorker({
    store,
    execute: trackedExecutor(store, engine),
    stop: reason.signal,
    onEvent: (event) => {
      if (event.type === 'begin') {
        progress.event({
          type: 'trial-started',
          trial: event.trial,
          attempt: event.attempt,
          resumedFrom: event.resumedFrom,
        });
      }
      if (event.type === 'event') progress.event({ type: 'progress', trial: planned!, event: event.event });
      if (event.type === 'event' && event.event.type === 'step' && event.event.step % 10 === 0) {
        process.stdout.write(`step ${event.event.step}  loss ${event.event.metrics?.['train/lm_loss']?.toFixed(4)}\n`);
      }
    },
  });
  stop.dispose();
  await upload.close();
  const result = store.result(planned!.hash);
  if (!result) {
    process.exitCode = summary.remaining > 0 && stop.signal.aborted ? EXIT.interrupted : EXIT.failed;
    return;
  }
  if (result.status === 'failed') throw new Error(`the trial failed: ${result.error?.message ?? 'unknown reason'}`);
  for (const [metric, value] of Object.entries(result.metrics)) process.stdout.write(`${metric}  ${round(value)}\n`);
  process.stdout.write(`folder: ${store.publishedFolder(planned!.hash)}\n`);
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(5);
}

/** The trial config of a file: the file itself, or what a sweep stored under `config`. */
export function trialOf(
  raw: unknown,
  file: string,
): JsonObject & { readonly preset?: string; readonly plugins?: string[] } {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new UserError(`${file}: must be a mapping of fields (gmoe schema trial prints them)`);
  }
  if ('grid' in raw || 'trial' in raw) {
    throw new UserError(
      `${file}: is a sweep file, with trial or grid; run it with gmoe sweep (gmoe train takes one trial)`,
    );
  }
  const stored = raw as { config?: unknown; hash?: unknown };
  return (stored.hash !== undefined && stored.config !== undefined ? stored.config : raw) as JsonObject;
}
