import { isAlive } from '@gmoe/core';
import { HttpError, UnsupportedError, type CallOptions, type MlflowClient, type RunStatus } from 'mlflow-js-client';
import { BatchUpload, isRefusal } from './batch-upload.js';
import { appendDeadLetters, type DeadLetter } from './dead-letters.js';
import { ensureRun } from './ensure-run.js';
import type { ExperimentCache } from './experiment-cache.js';
import { uploadFile } from './file-upload.js';
import { journalBytes, readJournal } from './journal-reader.js';
import { OVERFLOW_ARTIFACT, wellFormed } from './mlflow-values.js';
import { OneCurve } from './one-curve.js';
import { overflowArtifact } from './overflow-artifact.js';
import type { JournalRecord, RunHeader } from './records.js';
import { RunDeletedError } from './run-deleted.js';
import { batchItems, overflows } from './upload-items.js';
import { freshState, loadState, saveState, sidecarFiles, type UploadState } from './upload-state.js';
import { verifyRun, type Verification } from './verify-run.js';

/** What is remembered from pass to pass, so that a journal is not read again from its start. */
export interface CurveMemory {
  curve?: OneCurve | undefined;
  offset?: number;
}

/** Uploads one journal to one server, from where the last upload stopped. The caller holds the journal's lock. */
export class RunUpload {
  readonly state: UploadState;
  readonly #files: ReturnType<typeof sidecarFiles>;
  readonly #call: CallOptions;
  #header: RunHeader | undefined;
  #batch = new BatchUpload();
  #curve = new OneCurve();
  /** Offset up to which records are in the batch. */
  #reached: number;

  constructor(
    readonly journal: string,
    private readonly client: MlflowClient,
    private readonly experiments: ExperimentCache,
    signal?: AbortSignal,
    private readonly onProgress: () => void = () => undefined,
    private readonly memory: CurveMemory = {},
  ) {
    this.#files = sidecarFiles(journal, client.trackingUri);
    this.state = loadState(this.#files.state, client.trackingUri);
    this.#reached = this.state.offset;
    this.#call = { signal };
  }

  /** What was uploaded before counts when curves are made one. */
  #recall(): void {
    const { memory } = this;
    const known = memory.offset === this.state.offset ? memory.curve : undefined;
    memory.curve = undefined;
    this.#curve = known ?? new OneCurve();
    if (known || this.state.offset === 0) return;
    for (const { record, end } of readJournal(this.journal)) {
      if (end > this.state.offset) return;
      if (record) this.#curve.take(record);
    }
  }

  get header(): RunHeader | undefined {
    return (this.#header ??= readHeader(this.journal));
  }

  /** Everything again from the start; the server keeps one of each. */
  restart(): void {
    const { experimentId, runId, artifactUri, models, paramLimit } = this.state;
    this.#startOver({ experimentId, runId, artifactUri, models, paramLimit });
  }

  /**
   * Uploads what the journal holds now.
   *
   * @throws MlflowError if the server fails; what it has taken until then is remembered
   * @throws RunDeletedError
   */
  async drain(): Promise<void> {
    if (!this.header) return;
    try {
      if (this.state.deleted) await this.#checkRestored();
      await this.#drain();
    } catch (error) {
      if (!(await this.#isGone(error))) throw error;
      // The server was emptied: a new run, in a new experiment if need be.
      this.#forgetRun();
      await this.#drain();
    }
  }

  /** Compares what was uploaded with what the server has. @throws MlflowError if the server fails */
  async verify(): Promise<Verification> {
    const compare = () =>
      verifyRun(this.client, this.journal, this.header!, this.#files.deadLetters, this.state, this.#call);
    try {
      return await compare();
    } catch (error) {
      if (!(await this.#isGone(error))) throw error;
      this.#forgetRun();
      await this.drain();
      return compare();
    }
  }

  /** Whether the server no longer knows the run at all. @throws RunDeletedError if someone deleted it */
  async #isGone(error: unknown): Promise<boolean> {
    if (!(error instanceof HttpError)) return false;
    const { runId } = this.state;
    if (error.status === 400 && /must be in the 'active' state/.test(error.message) && runId !== undefined) {
      this.state.deleted = true;
      this.#save();
      throw new RunDeletedError();
    }
    if (error.errorCode !== 'RESOURCE_DOES_NOT_EXIST') return false;
    if (runId === undefined) return true;
    // Something else may be missing.
    return this.client.runs.get(runId, this.#call).then(
      () => false,
      (reason: unknown) => reason instanceof HttpError && reason.errorCode === 'RESOURCE_DOES_NOT_EXIST',
    );
  }

  async #checkRestored(): Promise<void> {
    const { info } = await this.client.runs.get(this.state.runId!, this.#call);
    if (info.lifecycleStage === 'deleted') throw new RunDeletedError();
    this.state.deleted = false;
  }

  #forgetRun(): void {
    this.experiments.forget(wellFormed(this.header!.experiment));
    this.#startOver({});
    this.#save();
  }

  #startOver(kept: Partial<UploadState>): void {
    const absent = { experimentId: undefined, runId: undefined, artifactUri: undefined };
    const fresh = freshState(this.state.server);
    Object.assign(this.state, { ...absent, status: undefined, process: undefined, ...fresh, ...kept });
    this.#reached = 0;
    this.#batch = new BatchUpload();
    this.#curve = new OneCurve();
  }

  async #drain(): Promise<void> {
    const { client, experiments, journal, state } = this;
    if (await ensureRun(client, experiments, journal, this.header!, state, this.#call)) {
      this.#save();
      this.onProgress();
    }
    this.#recall();
    for (const line of readJournal(journal, state.offset)) {
      if (!line.record) {
        await this.#flush();
        this.#letters([
          { id: tornLineId(line.start), reason: 'unreadable line: torn by a crash', item: line.text.slice(0, 200) },
        ]);
      } else {
        const record = this.#curve.take(line.record);
        if (record) await this.#take(record);
      }
      this.#reached = line.end;
    }
    await this.#flush();
    Object.assign(this.memory, { curve: this.#curve, offset: state.offset });
    await this.#writeOverflow();
    await this.#endIfKilled();
    this.#noteTornTail();
  }

  async #take(record: JournalRecord): Promise<void> {
    this.state.lastTime = Math.max(this.state.lastTime, record.t);
    switch (record.type) {
      case 'params':
      case 'tags':
      case 'metrics':
        this.state.overflow ||= overflows(record, this.state.paramLimit);
        for (const item of batchItems(record, this.state.paramLimit)) {
          if (!this.#batch.fits([item])) await this.#flush();
          this.#batch.add([item]);
        }
        return;
      case 'run':
        this.state.process = record.process;
        // Going on after an end: the run is no longer over.
        if (this.state.status !== undefined) await this.#setStatus('RUNNING', undefined);
        return;
      case 'end':
        await this.#flush();
        delete this.state.process;
        await this.#setStatus(record.status, record.t);
        return;
      case 'rejected':
        return this.#letters([{ id: `${record.n}:rejected`, reason: record.reason, item: record.what }]);
      default:
        await this.#flush();
        this.#letters(await uploadFile(this.client, this.journal, record, this.state, this.#call));
        this.onProgress();
    }
  }

  async #flush(): Promise<void> {
    if (this.#batch.size > 0) {
      this.#letters(await this.#batch.flush(this.client, this.state, this.#call));
      this.onProgress();
    }
    if (this.#reached > this.state.offset) {
      this.state.offset = this.#reached;
      this.#save();
    }
  }

  async #setStatus(status: RunStatus, endTime: number | undefined): Promise<void> {
    await this.client.runs.update(
      { runId: this.state.runId!, status, ...(endTime !== undefined && { endTime }) },
      this.#call,
    );
    this.state.status = status === 'RUNNING' ? undefined : status;
    this.#save();
  }

  async #writeOverflow(): Promise<void> {
    if (!this.state.overflow) return;
    try {
      const content = overflowArtifact(this.journal, this.state.paramLimit);
      const owner = { artifactUri: this.state.artifactUri! };
      await this.client.artifacts.upload(owner, OVERFLOW_ARTIFACT, content, this.#call);
    } catch (error) {
      if (!isRefusal(error) && !(error instanceof UnsupportedError)) throw error;
      this.#letters([
        { id: `0:artifact:${OVERFLOW_ARTIFACT}`, reason: (error as Error).message, item: OVERFLOW_ARTIFACT },
      ]);
    }
    this.state.overflow = false;
    this.#save();
  }

  /** A run whose process died without an end was killed. */
  async #endIfKilled(): Promise<void> {
    const { status, process, lastTime } = this.state;
    if (status === undefined && process && isAlive(process) === false) await this.#setStatus('KILLED', lastTime);
  }

  /** What a process that is no more left of its last line. */
  #noteTornTail(): void {
    const bytes = journalBytes(this.journal) - this.state.offset;
    if (this.state.status === undefined || this.state.process === undefined || bytes <= 0) return;
    const reason = 'unreadable line: torn by a crash';
    this.#letters([{ id: tornLineId(this.state.offset), reason, item: `${bytes} bytes` }]);
  }

  #letters(letters: readonly DeadLetter[]): void {
    appendDeadLetters(this.#files.deadLetters, letters);
  }

  #save(): void {
    saveState(this.#files.state, this.state);
  }
}

/** By where the line begins, so that a tail and the line it becomes later are one. */
function tornLineId(start: number): string {
  return `${start}:line`;
}

/** The first readable statement of what the run is. */
export function readHeader(journal: string): RunHeader | undefined {
  for (const { record } of readJournal(journal)) if (record?.type === 'run') return record;
  return undefined;
}
