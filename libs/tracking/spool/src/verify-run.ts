import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CallOptions, MetricPoint, MlflowClient } from 'mlflow-js-client';
import { readDeadLetters } from './dead-letters.js';
import { uploadedParent } from './ensure-run.js';
import { fileRecordId } from './file-upload.js';
import { readJournal } from './journal-reader.js';
import { OneCurve } from './one-curve.js';
import { mlflowArtifactPath } from './mlflow-values.js';
import type { RunHeader } from './records.js';
import { batchItems } from './upload-items.js';
import { RunDeletedError } from './run-deleted.js';
import type { UploadState } from './upload-state.js';
import { lackingModels } from './verify-models.js';

/** How many of a kind the journal holds (dead letters left out) and how many of those the server has. */
export interface Count {
  readonly recorded: number;
  readonly onServer: number;
}

export interface Verification {
  readonly params: Count;
  readonly tags: Count;
  readonly metricPoints: Count;
  readonly artifacts: Count;
  readonly datasets: Count;
  readonly models: Count;
  /** What is missing or too much, in words; empty if all is equal. */
  readonly differences: readonly string[];
}

const HISTORIES_AT_A_TIME = 4;

/** Compares a journal up to what was uploaded with what the server has. */
export async function verifyRun(
  client: MlflowClient,
  journal: string,
  header: RunHeader,
  deadLetters: string,
  state: UploadState,
  call: CallOptions,
): Promise<Verification> {
  const expected = readExpectation(journal, deadLetters, state);
  const run = await client.runs.get(state.runId!, call);
  if (run.info.lifecycleStage === 'deleted') throw new RunDeletedError();
  const differences: string[] = [];
  const shownUnder = header.parent === undefined ? undefined : uploadedParent(client, journal, header.parent);
  if (shownUnder !== undefined && run.tags['mlflow.parentRunId'] !== shownUnder)
    differences.push('is not shown under its parent');
  if (state.status !== undefined && run.info.status !== state.status)
    differences.push(`status: ${run.info.status} on the server, ${state.status} here`);
  const count = (
    kind: string,
    entries: ReadonlyMap<string, string>,
    actual: Readonly<Record<string, string>>,
  ): Count => {
    const missing = [...entries].filter(([key, value]) => actual[key] !== value);
    for (const [key] of missing) differences.push(`${kind} '${key}': ${key in actual ? 'another value' : 'missing'}`);
    return { recorded: entries.size, onServer: entries.size - missing.length };
  };
  const params = count('param', expected.params, run.params);
  const tags = count('tag', expected.tags, run.tags);
  let recorded = 0;
  let onServer = 0;
  const queue = [...expected.metrics];
  const comparing = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [key, points] = next;
      recorded += points.size;
      const shown = run.metrics[key];
      // The server says each metric's last point with the run.
      const known = shown === undefined ? 0 : points.size === 1 && points.has(identity(shown)) ? 1 : undefined;
      const found = known ?? (await pointsOnServer(client, state.runId!, key, call));
      onServer += found;
      if (found !== points.size)
        differences.push(`metric '${key}': ${points.size} points recorded, ${found} on the server`);
    }
  };
  await Promise.all(Array.from({ length: HISTORIES_AT_A_TIME }, comparing));
  const artifacts = await countArtifacts(client, state.runId!, expected.artifacts, differences, call);
  const names = new Set(run.datasets.map((dataset) => `${dataset.name} ${dataset.digest}`));
  const missing = [...expected.datasets].filter((dataset) => !names.has(dataset));
  for (const dataset of missing) differences.push(`dataset '${dataset}': missing`);
  const datasets = { recorded: expected.datasets.size, onServer: expected.datasets.size - missing.length };
  const lacking = await lackingModels(client, run, journal, expected.models, state, call);
  for (const difference of lacking.values()) differences.push(difference);
  const models = { recorded: expected.models.size, onServer: expected.models.size - lacking.size };
  return { params, tags, metricPoints: { recorded, onServer }, artifacts, datasets, models, differences };
}

interface Expectation {
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  /** Distinct points per key, as hashes: a journal may hold millions. */
  readonly metrics: Map<string, Set<number>>;
  /** Bytes by path; undefined if the file has changed or gone since. */
  readonly artifacts: Map<string, number | undefined>;
  readonly datasets: Set<string>;
  /** Folder by name. */
  readonly models: Map<string, string>;
}

function readExpectation(journal: string, deadLetters: string, state: UploadState): Expectation {
  const dead = readDeadLetters(deadLetters);
  const expected: Expectation = {
    params: new Map(),
    tags: new Map(),
    metrics: new Map(),
    artifacts: new Map(),
    datasets: new Set(),
    models: new Map(),
  };
  const curve = new OneCurve();
  for (const { record: recorded, end } of readJournal(journal)) {
    if (end > state.offset) break;
    const record = recorded && curve.take(recorded);
    if (!record) continue;
    if (record.type === 'artifact') {
      if (dead.has(fileRecordId(record))) continue;
      const file = resolve(dirname(journal), record.file);
      expected.artifacts.set(mlflowArtifactPath(record.path), existsSync(file) ? statSync(file).size : undefined);
    } else if (record.type === 'dataset') {
      if (!dead.has(fileRecordId(record)))
        expected.datasets.add(`${record.dataset.name.slice(0, 500)} ${record.dataset.digest.slice(0, 36)}`);
    } else if (record.type === 'model' && !dead.has(fileRecordId(record)))
      expected.models.set(record.name, record.directory);
    for (const { kind, id, item } of batchItems(record, state.paramLimit)) {
      if (dead.has(id)) continue;
      if (kind === 'param') expected.params.set(item.key, item.value);
      else if (kind === 'tag') expected.tags.set(item.key, item.value);
      else {
        const points = expected.metrics.get(item.key) ?? new Set();
        expected.metrics.set(item.key, points.add(identity(item)));
      }
    }
  }
  return expected;
}

async function pointsOnServer(client: MlflowClient, runId: string, key: string, call: CallOptions): Promise<number> {
  let points = 0;
  for await (const point of client.runs.metricHistory(runId, key, call)) points += point.key === key ? 1 : 0;
  return points;
}

async function countArtifacts(
  client: MlflowClient,
  runId: string,
  expected: ReadonlyMap<string, number | undefined>,
  differences: string[],
  call: CallOptions,
): Promise<Count> {
  if (expected.size === 0) return { recorded: 0, onServer: 0 };
  const folders = new Set([...expected.keys()].map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))));
  const found = new Map<string, number | undefined>();
  for (const folder of folders)
    for await (const entry of client.artifacts.list(runId, folder, call))
      if (!entry.isDirectory) found.set(entry.path, entry.bytes);
  let onServer = 0;
  for (const [path, bytes] of expected) {
    if (!found.has(path)) differences.push(`artifact '${path}': missing`);
    else if (bytes !== undefined && found.get(path) !== bytes)
      differences.push(`artifact '${path}': ${found.get(path)} bytes on the server, ${bytes} here`);
    else onServer++;
  }
  return { recorded: expected.size, onServer };
}

/** 53-bit hash of a point; SQL stores keep infinities as the largest doubles. */
function identity(point: MetricPoint): number {
  const value = Math.abs(point.value) === Infinity ? Math.sign(point.value) * Number.MAX_VALUE : point.value;
  const text = `${point.step},${point.timestamp},${value === 0 ? 0 : value}`;
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
