import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { messageOf, UserError } from '@gmoe/core';
import {
  baselineSchema,
  plannedTrialSchema,
  readStops,
  SweepStore,
  predictionSchema,
  routingSchema,
  sweepManifestSchema,
  trialConfigFileSchema,
  trialEventSchema,
  trialResultSchema,
  type ArmStop,
  type Baseline,
  type PlannedTrial,
  type TrialResult,
} from '@gmoe/experiment';
import { z } from 'zod';
import { listFolder, readJson, readLines, readText, type Warn } from './read-files.js';
import type { Provenance, SweepResults, TrialRecord } from './sweep-results.js';

const provenanceSchema = z.object({
  command: z.string().optional(),
  commit: z.string().optional(),
  spec: z.string().optional(),
  versions: z.record(z.string(), z.string()).optional(),
});

/**
 * Reads a sweep's folder: `sweep.json`, `trials/<hash16>/{config,result}.json`, the published attempts' `events.jsonl`
 * `predictions.jsonl` and `routing.json`, `baseline.json`. Torn lines, damaged and missing files become warnings, so that a sweep that
 * is running or was cut off can be reported. Without `sweep.json` the trials found are the sweep.
 *
 * @throws UserError if the folder holds no sweep.
 */
export function loadResults(folder: string): SweepResults {
  const directory = resolve(folder);
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new UserError(`${folder}: is no folder; give the folder of a sweep, e.g. runs/quickstart`);
  }
  const warnings: string[] = [];
  const warn: Warn = (line) => warnings.push(line.replaceAll(`${directory}/`, ''));
  const manifest = readJson(join(directory, 'sweep.json'), sweepManifestSchema, warn);
  const planned = manifest?.trials ?? foundTrials(directory, warn);
  if (planned.length === 0) {
    throw new UserError(`${folder}: holds neither sweep.json nor trials; give the folder of a sweep`);
  }
  if (!manifest) warn('sweep.json: is missing; the report covers the trials that have a result');
  const trials = planned.map((trial) => loadTrial(join(directory, 'trials', trial.hash.slice(0, 16)), trial, warn));
  return {
    directory,
    name: manifest?.name ?? basename(directory),
    ...(manifest?.description === undefined ? {} : { description: manifest.description }),
    ...(manifest === undefined ? {} : { createdAt: manifest.createdAt }),
    trials,
    baselines: loadBaselines(directory, warn),
    stops: manifest === undefined ? [] : loadStops(directory, warn),
    provenance: loadProvenance(directory, warn),
    warnings,
  };
}

function loadTrial(folder: string, trial: PlannedTrial, warn: Warn): TrialRecord {
  const result = readJson(join(folder, 'result.json'), trialResultSchema, warn);
  const config = readJson(join(folder, 'config.json'), trialConfigFileSchema, warn)?.config;
  const attempt = result === undefined ? undefined : join(folder, 'attempts', result.attempt);
  const routing = attempt === undefined ? undefined : readJson(join(attempt, 'routing.json'), routingSchema, warn);
  return {
    trial,
    state: result?.status ?? 'missing',
    ...(result === undefined ? {} : { result }),
    ...(config === undefined ? {} : { config }),
    ...(routing === undefined ? {} : { routing }),
    events: attempt === undefined ? [] : readLines(join(attempt, 'events.jsonl'), trialEventSchema, warn),
    predictions: attempt === undefined ? [] : readLines(join(attempt, 'predictions.jsonl'), predictionSchema, warn),
  };
}

function foundTrials(directory: string, warn: Warn): PlannedTrial[] {
  const results = listFolder(join(directory, 'trials'), warn)
    .map((name) => readJson(join(directory, 'trials', name, 'result.json'), trialResultSchema, warn))
    .filter((result): result is TrialResult => result !== undefined);
  return results.map(({ hash, group, arm, axes, seed }) => plannedTrialSchema.parse({ hash, group, arm, axes, seed }));
}

function loadStops(directory: string, warn: Warn): ArmStop[] {
  try {
    return readStops(SweepStore.open(directory));
  } catch (error) {
    warn(`stops: cannot be read: ${messageOf(error)}`);
    return [];
  }
}

function loadBaselines(directory: string, warn: Warn): Baseline[] {
  const files = [
    join(directory, 'baseline.json'),
    ...listFolder(join(directory, 'baselines'), warn)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(directory, 'baselines', name)),
  ];
  return files.flatMap((file) => readJson(file, baselineSchema, warn) ?? []);
}

function loadProvenance(directory: string, warn: Warn): Provenance {
  const stated = readJson(join(directory, 'provenance.json'), provenanceSchema, warn) ?? {};
  const spec =
    stated.spec ?? readText(join(directory, 'sweep.yaml'), warn) ?? readText(join(directory, 'spec.yaml'), warn);
  return { ...defined(stated), ...(spec === undefined ? {} : { spec }) };
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Drops keys whose value is undefined. */
function defined<T extends object>(value: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Partial<Defined<T>>;
}
