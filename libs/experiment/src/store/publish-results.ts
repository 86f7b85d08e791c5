import { existsSync, readdirSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { readRegularFile, stableHash, writeWhole } from '@gmoe/core';
import {
  baselineSchema,
  FORMAT_VERSION,
  limitsSchema,
  predictionSchema,
  sweepManifestSchema,
  trialConfigFileSchema,
  type PlannedTrial,
  type TrialResult,
} from '../records/index.js';
import type { JsonObject } from '../spec/index.js';
import { describeFiles } from './file-manifest.js';
import { makeFolder, readJson } from './files.js';
import { guardStore, StoreError } from './store-error.js';
import { SweepStore } from './sweep-store.js';

export interface Published {
  /** Trials that were copied. */
  readonly added: number;
  /** Trials that the folder had already. */
  readonly present: number;
  /** Trials of either sweep without a result. */
  readonly missing: number;
}

/** Digits that are kept of a number: more than any test set resolves. */
const DIGITS = 6;

/**
 * Copies the results of a sweep's folder into another one, in compact form: configs, results, routing and predictions; no weights, no curves,
 * no logs, no paths of the machine. The folder is a sweep's again: it can be reported, joined with other machines' results by
 * publishing into it again, and published back into a sweep's folder, which then counts its trials as done. The first result of a
 * trial wins.
 *
 * @throws StoreError if a folder holds no sweep, or cannot be read or written
 */
export function publishResults(from: string, to: string): Published {
  const source = SweepStore.open(from);
  const before = readJson(join(to, 'sweep.json'), sweepManifestSchema);
  const { trials: planned, ...manifest } = source.manifest();
  makeFolder(join(to, 'trials'));
  let added = 0;
  let present = 0;
  for (const trial of planned) {
    if (existsSync(join(trialFolder(to, trial), 'result.json'))) {
      present++;
      continue;
    }
    const result = source.result(trial.hash);
    if (!result) continue;
    const damage = source.damage(trial.hash, result);
    if (damage !== undefined) throw new StoreError(damage);
    publishTrial(source, trial, result, to);
    added++;
  }
  const known = new Set(planned.map(({ hash }) => hash));
  const trials = [...planned, ...(before?.trials ?? []).filter(({ hash }) => !known.has(hash))];
  const { name, description, createdAt } = before ?? manifest;
  write(join(to, 'sweep.json'), {
    formatVersion: FORMAT_VERSION,
    name,
    ...(description === undefined ? {} : { description }),
    createdAt,
    updatedAt: manifest.updatedAt,
    limits: limitsSchema.parse({}),
    trials,
  });
  copyBaselines(from, to);
  const missing = trials.filter((trial) => !existsSync(join(trialFolder(to, trial), 'result.json'))).length;
  return { added, present, missing };
}

const trialFolder = (store: string, { hash }: PlannedTrial): string => join(store, 'trials', hash.slice(0, 16));

function publishTrial(source: SweepStore, trial: PlannedTrial, result: TrialResult, to: string): void {
  const folder = trialFolder(to, trial);
  const attempt = join(folder, 'attempts', result.attempt);
  const origin = join(source.trialFolder(trial.hash), 'attempts', result.attempt);
  const stored = readJson(join(source.trialFolder(trial.hash), 'config.json'), trialConfigFileSchema);
  if (!stored) throw new StoreError(`${source.trialFolder(trial.hash)}/config.json: is missing`);
  makeFolder(attempt);
  const config = withoutPaths(stored.config) as JsonObject;
  write(join(folder, 'config.json'), { ...stored, config, configDigest: stableHash(config) });
  const predictions = join(origin, 'predictions.jsonl');
  if (existsSync(predictions)) {
    const lines = read(predictions).split('\n').filter(Boolean);
    const compact = lines.map((line) => JSON.stringify(rounded(predictionSchema.parse(JSON.parse(line)), 5)));
    writeText(join(attempt, 'predictions.jsonl'), compact.map((line) => `${line}\n`).join(''));
  }
  const routing = join(origin, 'routing.json');
  if (existsSync(routing)) write(join(attempt, 'routing.json'), rounded(JSON.parse(read(routing)), DIGITS));
  const { error, ...kept } = result;
  const published = {
    ...kept,
    ...(error ? { error: { kind: error.kind, message: error.message.replace(/\/\S*\//g, '') } } : {}),
    // What a layer did is in routing.json.
    metrics: rounded(
      Object.fromEntries(Object.entries(kept.metrics).filter(([name]) => !/\/layer_|^coordination\//.test(name))),
      DIGITS,
    ),
    ...(kept.load ? { load: rounded(kept.load, DIGITS) } : {}),
    files: describeFiles(attempt),
  };
  // Last, since a trial with a result is one that is there as a whole.
  write(join(folder, 'result.json'), published);
}

function copyBaselines(from: string, to: string): void {
  const folder = join(from, 'baselines');
  if (!existsSync(folder)) return;
  makeFolder(join(to, 'baselines'));
  for (const name of readdirSync(folder)) {
    const target = join(to, 'baselines', name);
    const baseline = existsSync(target) ? undefined : readJson(join(folder, name), baselineSchema);
    if (baseline) write(target, withoutPaths({ ...baseline, metrics: rounded(baseline.metrics, DIGITS) }));
  }
}

/** Absolute paths by their last name. */
function withoutPaths(value: unknown): unknown {
  if (typeof value === 'string') return isAbsolute(value) ? basename(value) : value;
  return mapped(value, withoutPaths);
}

function rounded<T>(value: T, digits: number): T {
  if (typeof value === 'number') return (Number.isInteger(value) ? value : Number(value.toPrecision(digits))) as T;
  return mapped(value, (each) => rounded(each, digits)) as T;
}

function mapped(value: unknown, each: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(each);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, each(inner)]));
}

/** About as much as one string can hold. */
const MOST_BYTES = 500_000_000;
const read = (file: string): string => guardStore(file, () => readRegularFile(file, MOST_BYTES).toString('utf8'));

const writeText = (file: string, text: string): void =>
  guardStore(file, () => writeWhole(file, text, { durably: false }));
const write = (file: string, value: unknown): void => writeText(file, `${JSON.stringify(value)}\n`);
