import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { HttpError, UnsupportedError, type MlflowClient, type RunStatus } from 'mlflow-js-client';
import { BatchUpload, isRefusal } from './batch-upload.js';
import { appendDeadLetters, type DeadLetter } from './dead-letters.js';
import type { ExperimentCache } from './experiment-cache.js';
import { readJournal } from './journal-reader.js';
import { uploadModel } from './model-upload.js';
import { mlflowArtifactPath, OVERFLOW_ARTIFACT, wellFormed } from './mlflow-values.js';
import { overflowArtifact } from './overflow-artifact.js';
import { isAlive } from './process-identity.js';
import { JOURNAL_SUFFIX, type JournalRecord, type RunHeader } from './records.js';
import { batchItems, overflows } from './upload-items.js';
import { freshState, loadState, saveState, sidecarFiles, type UploadState } from './upload-state.js';

/** The run was deleted on the server by someone; its journal is left alone. */
export class RunDeletedError extends Error {}

/** Uploads one journal to one server, from where the last upload stopped. The caller holds the journal's lock. */
export class RunUpload {
  readonly state: UploadState;
  readonly #files: ReturnType<typeof sidecarFiles>;
  #header: RunHeader | undefined;
  #batch = new BatchUpload();
  /** Offset up to which records are in the batch. */
  #reached: number;

  constructor(
    readonly journal: string,
    private readonly client: MlflowClient,
    private readonly experiments: ExperimentCache,
    private readonly signal?: AbortSignal,
    private readonly onProgress: () => void = () => undefined,
  ) {
    this.#files = sidecarFiles(journal, client.trackingUri);
    this.state = loadState(this.#files.state, client.trackingUri);
    this.#reached = this.state.offset;
  }

  get header(): RunHeader | undefined {
    return (this.#header ??= readHeader(this.journal));
  }

  /** Everything again from the start; the server keeps one of each. */
  restart(): void {
    const { experimentId, runId, artifactUri, models, parentLinked, paramLimit } = this.state;
    Object.assign(this.state, freshState(this.state.server), {
      experimentId,
      runId,
      artifactUri,
      models,
      parentLinked,
      paramLimit,
    });
    this.#reached = 0;
    this.#batch = new BatchUpload();
  }

  /**
   * Uploads what the journal holds now.
   *
   * @throws MlflowError if the server fails; what it has taken until then is remembered
   * @throws RunDeletedError
   */
  async drain(): Promise<void> {
    if (this.state.deleted) throw new RunDeletedError('the run was deleted on the server');
    if (!this.header) return;
    try {
      await this.#drain();
    } catch (error) {
      if (error instanceof HttpError && error.status === 400 && /must be in the 'active' state/.test(error.message)) {
        this.state.deleted = true;
        this.#save();
        throw new RunDeletedError('the run was deleted on the server');
      }
      // The server was emptied: start over with a new run.
      if (
        error instanceof HttpError &&
        error.errorCode === 'RESOURCE_DOES_NOT_EXIST' &&
        this.state.runId !== undefined
      ) {
        Object.assign(this.state, freshState(this.state.server), {
          experimentId: undefined,
          runId: undefined,
          artifactUri: undefined,
        });
        this.#reached = 0;
        this.#batch = new BatchUpload();
        this.#save();
      }
      throw error;
    }
  }

  async #drain(): Promise<void> {
    await this.#ensureRun();
    for (const line of readJournal(this.journal, this.state.offset)) {
      if (!line.record) {
        await this.#flush();
        this.#letters([
          { id: `${line.end}:line`, reason: 'unreadable line: torn by a crash', item: line.text.slice(0, 200) },
        ]);
      } else await this.#take(line.record);
      this.#reached = line.end;
    }
    await this.#flush();
    await this.#writeOverflow();
    await this.#endIfKilled();
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
        await this.#takeFile(record);
    }
  }

  async #takeFile(record: Extract<JournalRecord, { type: 'artifact' | 'dataset' | 'model' }>): Promise<void> {
    const call = { signal: this.signal };
    try {
      if (record.type === 'artifact') {
        const file = resolve(dirname(this.journal), record.file);
        if (!existsSync(file)) throw new UnsupportedError(`there is no file ${basename(file)}`);
        await this.client.artifacts.upload(
          { artifactUri: this.state.artifactUri! },
          mlflowArtifactPath(record.path),
          { file },
          call,
        );
      } else if (record.type === 'dataset') {
        const { name, digest, source, sourceType, schema, profile, context } = record.dataset;
        const input = {
          name: name.slice(0, 500),
          digest: digest.slice(0, 36),
          source: source.slice(0, 65_535),
          sourceType,
          context,
        };
        const rest = { ...(schema !== undefined && { schema }), ...(profile !== undefined && { profile }) };
        await this.client.runs.logInputs(
          this.state.runId!,
          [{ ...input, ...rest, tags: { digest: digest.slice(0, 500) } }],
          call,
        );
      } else {
        const { experimentId, runId, artifactUri } = this.state;
        const place = { experimentId: experimentId!, runId: runId!, artifactUri: artifactUri! };
        this.state.models[record.name] = await uploadModel(this.client, place, record, dirname(this.journal), call);
      }
    } catch (error) {
      const missing = error instanceof HttpError && error.endpointMissing && (await this.#isMlflow());
      if (!isRefusal(error) && !(error instanceof UnsupportedError) && !missing) throw error;
      const key =
        record.type === 'artifact' ? record.path : record.type === 'dataset' ? record.dataset.name : record.name;
      this.#letters([{ id: `${record.n}:${record.type}:${key}`, reason: (error as Error).message, item: record }]);
    }
    this.onProgress();
  }

  /** A missing endpoint means an older server, or none at all; only the first is a reason to go on. */
  async #isMlflow(): Promise<boolean> {
    return this.client.version({ signal: this.signal }).then(
      () => true,
      () => false,
    );
  }

  async #ensureRun(): Promise<void> {
    const { state } = this;
    const { id, experiment, name, parent, t } = this.header!;
    if (state.runId === undefined) {
      state.experimentId = await this.experiments.id(wellFormed(experiment));
      const parentId = parent === undefined ? undefined : await this.#findParent(parent);
      const { run } = await this.client.runs.createOnce(
        {
          runKey: id,
          experimentId: state.experimentId,
          name: wellFormed(name),
          startTime: t,
          tags: { 'mlflow.source.type': 'LOCAL', ...(parentId !== undefined && { 'mlflow.parentRunId': parentId }) },
        },
        { signal: this.signal },
      );
      state.runId = run.info.runId;
      state.artifactUri = run.info.artifactUri;
      state.parentLinked = parent === undefined || run.tags['mlflow.parentRunId'] !== undefined;
      this.#save();
    }
    if (!state.parentLinked && parent !== undefined) {
      const parentId = await this.#findParent(parent);
      if (parentId === undefined) return;
      await this.client.runs.setTags(state.runId, { 'mlflow.parentRunId': parentId }, { signal: this.signal });
      state.parentLinked = true;
      this.#save();
    }
  }

  /** From the upload of the parent's journal beside this one, else from the server. */
  async #findParent(parent: string): Promise<string | undefined> {
    const beside = resolve(dirname(this.journal), `${parent}${JOURNAL_SUFFIX}`);
    const { runId } = loadState(sidecarFiles(beside, this.client.trackingUri).state, this.client.trackingUri);
    if (runId !== undefined) return runId;
    const [found] = await this.client.runs.findByKey(this.state.experimentId!, parent, { signal: this.signal });
    return found?.info.runId;
  }

  async #flush(): Promise<void> {
    if (this.#batch.size > 0) {
      this.#letters(await this.#batch.flush(this.client, this.state, this.signal));
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
      { signal: this.signal },
    );
    this.state.status = status === 'RUNNING' ? undefined : status;
    this.#save();
  }

  async #writeOverflow(): Promise<void> {
    if (!this.state.overflow) return;
    try {
      const content = overflowArtifact(this.journal, this.state.paramLimit);
      await this.client.artifacts.upload({ artifactUri: this.state.artifactUri! }, OVERFLOW_ARTIFACT, content, {
        signal: this.signal,
      });
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

  #letters(letters: readonly DeadLetter[]): void {
    appendDeadLetters(this.#files.deadLetters, letters);
  }

  #save(): void {
    saveState(this.#files.state, this.state);
  }
}

/** The first readable statement of what the run is. */
export function readHeader(journal: string): RunHeader | undefined {
  for (const { record } of readJournal(journal)) if (record?.type === 'run') return record;
  return undefined;
}
