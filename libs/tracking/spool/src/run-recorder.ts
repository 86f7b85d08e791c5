import { randomBytes } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { makeSubfolder, ownIdentity, redact } from '@gmoe/core';
import { JournalWriter, type WriterOptions } from './journal-writer.js';
import { readJournal } from './journal-reader.js';
import { datasetFields, JOURNAL_SUFFIX, type EndStatus } from './records.js';
import type { z } from 'zod';

export type ParamValue = string | number | boolean | null;
export type DatasetFields = z.input<typeof datasetFields>;

/** What a run is. */
export interface RunFields {
  /** The caller's own id, e.g. a UUID or a trial's hash: the same id is the same run in MLflow, also after a crash. */
  readonly id: string;
  /** Name of the MLflow experiment; created if need be. */
  readonly experiment: string;
  readonly name: string;
  /** Id of the run to show this one under. */
  readonly parent?: string | undefined;
}

/** Something that could not be recorded as asked. */
export interface RecorderProblem {
  readonly run: string;
  readonly reason: string;
}

/**
 * Records one run in its journal. Every call is synchronous, costs microseconds, never waits for the network and never
 * throws: what is invalid or refused by the disk is counted and told to `onProblem`.
 */
export class RunRecorder {
  /** Values refused as invalid so far; each is in the journal with its reason. */
  rejected = 0;
  readonly #writer: JournalWriter;
  readonly #keys = new Map<string, string>();
  /** Point of the highest step per metric that an earlier process recorded. */
  readonly #recorded = new Map<string, { readonly step: number; readonly value: number }>();
  #earlierEnd: EndStatus | undefined;
  readonly #w = randomBytes(4).toString('hex');
  #n = 0;
  #ended = false;
  #reported: string | undefined;

  /** @internal use `openSpool(dir).run(...)` */
  constructor(
    private readonly directory: string,
    readonly run: RunFields,
    options: WriterOptions,
    private readonly onProblem: (problem: RecorderProblem) => void,
  ) {
    const file = join(directory, `${run.id}${JOURNAL_SUFFIX}`);
    this.#recall(file);
    this.#writer = new JournalWriter(file, options);
    const { id, experiment, name, parent } = run;
    this.#append(() => ({ w: this.#w, type: 'run', version: 1, id, experiment, name, parent, process: ownIdentity() }));
    this.#writer.flush();
  }

  /** Lines lost because disk and memory were full; the journal's numbering shows the gap. */
  get dropped(): number {
    return this.#writer.dropped;
  }

  /** Last step of a metric that an earlier process recorded, -1 if none. */
  lastStep(key: string): number {
    return this.#recorded.get(key)?.step ?? -1;
  }

  /** Value of a metric at the last step that an earlier process recorded. */
  lastValue(key: string): number | undefined {
    return this.#recorded.get(key)?.value;
  }

  /** How an earlier process ended the run; undefined if it did not. */
  get earlierEnd(): EndStatus | undefined {
    return this.#earlierEnd;
  }

  /** Settings of the run; MLflow never lets one change. */
  params(params: Readonly<Record<string, ParamValue>>): void {
    this.#append(() => ({ type: 'params', params: texts(params) }));
  }

  tags(tags: Readonly<Record<string, ParamValue>>): void {
    this.#append(() => ({ type: 'tags', tags: texts(tags) }));
  }

  /**
   * Metrics at a step (a whole number), NaN and infinities included. After a restart of the same run, points up to the
   * last step that the earlier process recorded are left out: they are there already.
   *
   * @param timestamp epoch milliseconds, frozen from here on
   */
  metrics(step: number, metrics: Readonly<Record<string, number>>, timestamp = Date.now()): void {
    this.#metrics(step, metrics, timestamp, true);
  }

  /** Values that stand for the whole run; of several at one step MLflow shows the latest. */
  summary(step: number, metrics: Readonly<Record<string, number>>): void {
    this.#metrics(step, metrics, Date.now(), false);
  }

  #metrics(step: number, metrics: Readonly<Record<string, number>>, timestamp: number, skipRecorded: boolean): void {
    if (!Number.isSafeInteger(step)) return this.#reject('a step must be a whole number', { step, metrics });
    const time = Math.round(timestamp);
    if (!Number.isSafeInteger(time) || time < 0)
      return this.#reject('a timestamp must be epoch milliseconds', { step, timestamp });
    let body = '';
    for (const key in metrics) {
      const value = metrics[key]!;
      if (typeof value !== 'number') {
        this.#reject(`metric '${key}' is no number`, { step, key, value });
        continue;
      }
      if (skipRecorded && this.#recorded.size > 0 && step <= (this.#recorded.get(key)?.step ?? -Infinity)) continue;
      let quoted = this.#keys.get(key);
      if (quoted === undefined) {
        quoted = `${JSON.stringify(key)}:`;
        if (this.#keys.size < 10_000) this.#keys.set(key, quoted);
      }
      body += `${body === '' ? '' : ','}${quoted}${Number.isFinite(value) ? value : `"${value}"`}`;
    }
    const writer = skipRecorded ? `"w":"${this.#w}",` : '';
    if (body !== '')
      this.#line(`{"n":${this.#n},"t":${time},${writer}"type":"metrics","step":${step},"metrics":{${body}}}`);
  }

  /**
   * A file to store under `path`. It is read when it is uploaded, so it must stay; `copy` keeps a copy beside the
   * journal instead.
   */
  artifact(path: string, file: string, options: { readonly copy?: boolean } = {}): void {
    let source = file;
    if (options.copy) {
      const copy = join(this.directory, `${this.run.id}.files`, String(this.#n));
      try {
        makeSubfolder(dirname(copy));
        copyFileSync(file, copy);
        source = copy;
      } catch (error) {
        return this.#reject(`artifact '${path}': ${(error as Error).message}`, { path, file });
      }
    }
    this.#append(() => ({ type: 'artifact', path, file: relative(this.directory, resolve(source)) }));
  }

  /** Data that the run used. */
  dataset(dataset: DatasetFields): void {
    const checked = datasetFields.safeParse(dataset);
    if (!checked.success) return this.#reject(`dataset: ${checked.error.issues[0]!.message}`, dataset);
    this.#append(() => ({ type: 'dataset', dataset: checked.data }));
  }

  /** A folder to store as a logged model of this run (on servers before MLflow 3: as artifacts below `models/NAME`). */
  model(name: string, directory: string, options: { readonly modelType?: string; readonly step?: number } = {}): void {
    const { modelType = '', step = 0 } = options;
    this.#append(() => ({
      type: 'model',
      name,
      directory: relative(this.directory, resolve(directory)),
      modelType,
      step,
    }));
  }

  /** The run is over; the journal is on the disk when this returns. */
  end(status: EndStatus = 'FINISHED'): void {
    if (this.#ended) return;
    this.#append(() => ({ w: this.#w, type: 'end', status }));
    this.#ended = true;
    this.close();
  }

  /** Lets go of the file without an end: a later process may go on, or the run counts as killed. */
  close(): void {
    this.#writer.close();
    this.#report();
  }

  /** @param record made within, so that what cannot be made is a problem and no exception */
  #append(record: () => Readonly<Record<string, unknown>>): void {
    try {
      this.#line(JSON.stringify({ n: this.#n, t: Math.max(0, Date.now()), ...record() }));
    } catch (error) {
      this.#problem((error as Error).message);
    }
  }

  #line(line: string): void {
    if (this.#ended) return this.#problem('the run has ended already; what came later is not recorded');
    this.#n++;
    this.#writer.append(line);
    this.#report();
  }

  #reject(reason: string, what: unknown): void {
    this.rejected++;
    this.#problem(reason);
    this.#append(() => ({ type: 'rejected', reason, what: String(JSON.stringify(what)).slice(0, 2000) }));
  }

  #report(): void {
    const { lastError } = this.#writer;
    if (lastError !== undefined && lastError !== this.#reported) this.#problem(lastError);
    this.#reported = lastError;
  }

  #problem(reason: string): void {
    try {
      this.onProblem({ run: this.run.id, reason });
    } catch {
      // a listener's failure is not the training's
    }
  }

  #recall(file: string): void {
    try {
      for (const { record } of readJournal(file)) {
        if (!record) continue;
        this.#n = Math.max(this.#n, record.n + 1);
        if (record.type === 'run') this.#earlierEnd = undefined;
        if (record.type === 'end') this.#earlierEnd = record.status;
        if (record.type !== 'metrics') continue;
        const { step } = record;
        for (const [key, value] of Object.entries(record.metrics))
          if (step >= (this.#recorded.get(key)?.step ?? -Infinity)) this.#recorded.set(key, { step, value });
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#problem((error as Error).message);
    }
  }
}

function texts(values: Readonly<Record<string, ParamValue>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, redact(String(value))]));
}
