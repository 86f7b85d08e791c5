import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MlflowError, type MlflowClient } from 'mlflow-js-client';
import { readDeadLetters } from './dead-letters.js';
import type { ExperimentCache } from './experiment-cache.js';
import { tryLock } from './file-lock.js';
import { journalBytes } from './journal-reader.js';
import { isAlive } from './process-identity.js';
import { JOURNAL_SUFFIX, type RunHeader } from './records.js';
import { readHeader, RunDeletedError, RunUpload } from './run-upload.js';
import { loadState, sidecarFiles, type UploadState } from './upload-state.js';
import { verifyRun, type Verification } from './verify-run.js';

const LOCK_RENEWAL_MS = 10_000;

/** How one run's journal stands with the server. */
export interface RunReport {
  /** The run's id in the spool, '' if the journal does not say. */
  readonly id: string;
  readonly name: string;
  readonly journal: string;
  /** The run's id in MLflow. */
  readonly runId?: string | undefined;
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
}

/** What ended a pass early: the server is dead, or is none. */
export interface PassFailure {
  readonly message: string;
  /** False for a server that answers but wrongly: bad credentials, no MLflow. */
  readonly transient: boolean;
}

/** Uploads all journals of the folders once: parents first, then their children. */
export async function syncPass(
  directories: readonly string[],
  context: SyncContext,
): Promise<{ reports: RunReport[]; failure: PassFailure | undefined }> {
  const journals = directories.flatMap(findJournals);
  for (const journal of journals)
    if (!context.known.get(journal)?.header) context.known.set(journal, { header: readHeader(journal) });
  const isChild = (journal: string): boolean => context.known.get(journal)!.header?.parent !== undefined;
  const reports = new Map<string, RunReport>();
  let failure: PassFailure | undefined;
  for (const wave of [journals.filter((one) => !isChild(one)), journals.filter(isChild)]) {
    const queue = [...wave];
    const work = async (): Promise<void> => {
      for (let journal = queue.shift(); journal !== undefined; journal = queue.shift()) {
        const result = failure ? pending(journal, context, failure.message) : await syncJournal(journal, context);
        reports.set(journal, result);
        if (result.state === 'pending')
          failure ??= { message: result.error ?? '', transient: result.transient ?? true };
      }
    };
    await Promise.all(Array.from({ length: Math.min(context.concurrency, wave.length) }, work));
  }
  return { reports: journals.map((journal) => reports.get(journal)!), failure };
}

async function syncJournal(journal: string, context: SyncContext): Promise<RunReport & { transient?: boolean }> {
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
  const lock = tryLock(files.lock);
  if (!lock)
    return { ...base(journal, known), state: 'locked', pendingBytes: pendingBytes(journal, context), deadLetters: 0 };
  const renewal = setInterval(() => lock.renew(), LOCK_RENEWAL_MS).unref();
  const bytes = journalBytes(journal);
  const upload = new RunUpload(journal, context.client, context.experiments, context.signal);
  const report = (
    state: RunReport['state'],
    more: { error?: string; transient?: boolean; verification?: Verification } = {},
  ) => ({
    ...base(journal, known),
    runId: upload.state.runId,
    state,
    status: upload.state.status,
    // What follows the last line of a process that is no more is a torn line, a dead letter already.
    pendingBytes: upload.state.status === undefined ? Math.max(0, bytes - upload.state.offset) : 0,
    deadLetters: readDeadLetters(files.deadLetters).size,
    ...more,
  });
  try {
    await upload.drain();
    let verification = wanted(context.verify, upload) ? await verify(upload, files.deadLetters, context) : undefined;
    if (verification && verification.differences.length > 0) {
      // The server lost something, or a file has changed since: all of it again; what is there stays single.
      upload.restart();
      await upload.drain();
      verification = await verify(upload, files.deadLetters, context);
    }
    const result = report(
      verification && verification.differences.length > 0 ? 'different' : 'synced',
      verification && { verification },
    );
    Object.assign(known, { report: result, bytes, process: upload.state.process });
    return result;
  } catch (error) {
    if (error instanceof RunDeletedError) return report('deleted', { error: error.message });
    if (error instanceof MlflowError) return report('pending', { error: error.message, transient: error.transient });
    return report('pending', { error: `the spool's own files: ${(error as Error).message}` });
  } finally {
    clearInterval(renewal);
    lock.release();
  }
}

function wanted(which: SyncContext['verify'], upload: RunUpload): boolean {
  return which === 'all' || (which === 'ended' && upload.state.status !== undefined);
}

function verify(upload: RunUpload, deadLetters: string, context: SyncContext): Promise<Verification> {
  return verifyRun(context.client, upload.journal, deadLetters, upload.state, { signal: context.signal });
}

/** Nothing new in the journal, and its process lives or has said that the run is over. */
function needsNothing(journal: string, known: KnownJournal): boolean {
  if (known.report?.state !== 'synced' || journalBytes(journal) !== known.bytes) return false;
  return known.report.status !== undefined || known.process === undefined || isAlive(known.process) !== false;
}

function base(journal: string, known: KnownJournal): Pick<RunReport, 'id' | 'name' | 'journal'> {
  return { id: known.header?.id ?? '', name: known.header?.name ?? '', journal };
}

function pending(journal: string, context: SyncContext, error: string): RunReport & { transient?: boolean } {
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

/** All journals in a folder and below. */
export function findJournals(directory: string): string[] {
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory())
        return entry.name === 'node_modules' || entry.name.endsWith('.files') ? [] : findJournals(path);
      return entry.isFile() && entry.name.endsWith(JOURNAL_SUFFIX) ? [path] : [];
    })
    .sort();
}
