import { isAlive } from '@gmoe/core';
import { MlflowError, type MlflowClient } from 'mlflow-js-client';
import { readDeadLetters } from './dead-letters.js';
import type { ExperimentCache } from './experiment-cache.js';
import { tryLock, type FileLock } from './file-lock.js';
import { findJournals } from './find-journals.js';
import { journalBytes } from './journal-reader.js';
import { localFailure, serverFailure, type PassFailure, type RunFailure } from './pass-failure.js';
import type { RunHeader } from './records.js';
import { RunDeletedError } from './run-deleted.js';
import { readHeader, RunUpload, type CurveMemory } from './run-upload.js';
import { loadState, sidecarFiles, type UploadState } from './upload-state.js';
import type { Verification } from './verify-run.js';

const LOCK_RENEWAL_MS = 10_000;

/** How one run's journal stands with the server. */
export interface RunReport {
  /** The run's id in the spool, '' if the journal does not say. */
  readonly id: string;
  readonly name: string;
  readonly journal: string;
  /** The run's id in MLflow. */
  readonly runId?: string | undefined;
  readonly experimentId?: string | undefined;
  /**
   * `synced`: all of the journal is on the server (or in the dead letters) and, where verified, equal;
   * `pending`: the server failed; `locked`: another process is at it; `deleted`: someone deleted the run on the server;
   * `different`: the server has not what was sent; `unreadable`: the journal does not say what the run is.
   */
  readonly state: 'synced' | 'pending' | 'locked' | 'deleted' | 'different' | 'unreadable';
  /** FINISHED, FAILED, KILLED; undefined while it runs. */
  readonly status?: string | undefined;
  readonly error?: string | undefined;
  /** Journal bytes not uploaded yet. */
  readonly pendingBytes: number;
  /** Items that the server refused or that could not be recorded; see the file of dead letters beside the journal. */
  readonly deadLetters: number;
  readonly verification?: Verification | undefined;
}

export interface SyncContext {
  readonly client: MlflowClient;
  readonly experiments: ExperimentCache;
  readonly signal: AbortSignal | undefined;
  /** Called whenever the server has taken something. */
  readonly onProgress?: () => void;
  /** Which runs are compared with the server: all, those that have ended, none. */
  readonly verify: 'all' | 'ended' | 'none';
  /** Journals at a time. */
  readonly concurrency: number;
  /** Kept from pass to pass: journals that need nothing are not opened. */
  readonly known: Map<string, KnownJournal>;
}

interface KnownJournal {
  readonly header: RunHeader | undefined;
  report?: RunReport;
  bytes?: number;
  process?: UploadState['process'];
  memory?: CurveMemory;
}

type Outcome = RunReport & { readonly failure?: RunFailure | undefined };

/**
 * Uploads all journals of the folders once: parents first, then their children. A server that cannot be reached or wants
 * nobody ends the pass; what ails one run (its experiment was deleted, a request of its own is answered 500) leaves
 * the others alone.
 */
export async function syncPass(
  directories: readonly string[],
  context: SyncContext,
): Promise<{ reports: RunReport[]; failure: PassFailure | undefined }> {
  const journals = directories.flatMap(findJournals);
  for (const journal of journals)
    if (!context.known.get(journal)?.header) context.known.set(journal, { header: tryReadHeader(journal) });
  const isChild = (journal: string): boolean => context.known.get(journal)!.header?.parent !== undefined;
  const reports = new Map<string, RunReport>();
  let failure: PassFailure | undefined;
  let failedInARow = 0;
  let over = false;
  for (const wave of [journals.filter((one) => !isChild(one)), journals.filter(isChild)]) {
    const queue = [...wave];
    const work = async (): Promise<void> => {
      for (let journal = queue.shift(); journal !== undefined; journal = queue.shift()) {
        const { failure: failed, ...report }: Outcome = over
          ? pending(journal, context, failure!.message)
          : await syncJournal(journal, context);
        reports.set(journal, report);
        failedInARow = failed ? failedInARow + 1 : 0;
        if (!failed) continue;
        failure ??= failed;
        over ||= failed.endsPass || (failed.transient && failedInARow >= context.concurrency);
      }
    };
    await Promise.all(Array.from({ length: Math.min(context.concurrency, wave.length) }, work));
  }
  return { reports: journals.map((journal) => reports.get(journal)!), failure };
}

async function syncJournal(journal: string, context: SyncContext): Promise<Outcome> {
  const known = context.known.get(journal)!;
  if (!known.header)
    return {
      ...base(journal, known),
      state: 'unreadable',
      error: 'no line says what the run is',
      pendingBytes: journalBytes(journal),
      deadLetters: 0,
    };
  if (known.report && needsNothing(journal, known)) return known.report;
  const files = sidecarFiles(journal, context.client.trackingUri);
  let lock: FileLock | undefined;
  try {
    lock = tryLock(files.lock);
  } catch (error) {
    const failure = localFailure(error);
    return { ...pending(journal, context, failure.message), failure };
  }
  if (!lock)
    return { ...base(journal, known), state: 'locked', pendingBytes: pendingBytes(journal, context), deadLetters: 0 };
  const renewal = setInterval(() => lock.renew(), LOCK_RENEWAL_MS).unref();
  const bytes = journalBytes(journal);
  const upload = new RunUpload(
    journal,
    context.client,
    context.experiments,
    context.signal,
    // A server that was found to lack what it had been sent will lack it again: sending that once more gets nobody further.
    known.report?.state === 'different' ? undefined : context.onProgress,
    (known.memory ??= {}),
  );
  const report = (
    state: RunReport['state'],
    more: { error?: string; failure?: RunFailure; verification?: Verification | undefined } = {},
  ): Outcome => ({
    ...base(journal, known),
    runId: upload.state.runId,
    experimentId: upload.state.experimentId,
    state,
    status: upload.state.status,
    // What follows the last line of a process that is no more is a torn line, a dead letter already.
    pendingBytes: upload.state.status === undefined ? Math.max(0, bytes - upload.state.offset) : 0,
    deadLetters: readDeadLetters(files.deadLetters).size,
    ...more,
  });
  const remember = (result: Outcome): Outcome => {
    Object.assign(known, { report: result, bytes, process: upload.state.process });
    return result;
  };
  try {
    await upload.drain();
    let verification = wanted(context.verify, upload) ? await upload.verify() : undefined;
    if (verification && verification.differences.length > 0) {
      // The server lost something, or a file has changed since: all of it again; what is there stays single.
      upload.restart();
      await upload.drain();
      verification = await upload.verify();
    }
    const equal = verification === undefined || verification.differences.length === 0;
    return remember(report(equal ? 'synced' : 'different', verification && { verification }));
  } catch (error) {
    if (error instanceof RunDeletedError) return remember(report('deleted', { error: error.message }));
    if (error instanceof MlflowError) return report('pending', { error: error.message, failure: serverFailure(error) });
    const failure = localFailure(error);
    return report('pending', { error: failure.message, failure });
  } finally {
    clearInterval(renewal);
    lock.release();
  }
}

function tryReadHeader(journal: string): RunHeader | undefined {
  try {
    return readHeader(journal);
  } catch {
    return undefined;
  }
}

/** Whether nothing of the run is left to do. A run that someone deleted in MLflow is left alone. */
export function isComplete({ state, pendingBytes }: RunReport): boolean {
  return state === 'deleted' || (state === 'synced' && pendingBytes === 0);
}

function wanted(which: SyncContext['verify'], upload: RunUpload): boolean {
  return which === 'all' || (which === 'ended' && upload.state.status !== undefined);
}

/** Nothing new in the journal, and its process lives or has said that the run is over. */
function needsNothing(journal: string, known: KnownJournal): boolean {
  if (known.report?.state === 'deleted') return true;
  if (known.report?.state !== 'synced' || journalBytes(journal) !== known.bytes) return false;
  return known.report.status !== undefined || known.process === undefined || isAlive(known.process) !== false;
}

function base(journal: string, known: KnownJournal): Pick<RunReport, 'id' | 'name' | 'journal'> {
  return { id: known.header?.id ?? '', name: known.header?.name ?? '', journal };
}

function pending(journal: string, context: SyncContext, error: string): RunReport {
  return {
    ...base(journal, context.known.get(journal)!),
    state: 'pending',
    error,
    pendingBytes: pendingBytes(journal, context),
    deadLetters: 0,
  };
}

function pendingBytes(journal: string, context: SyncContext): number {
  const server = context.client.trackingUri;
  return Math.max(0, journalBytes(journal) - loadState(sidecarFiles(journal, server).state, server).offset);
}
