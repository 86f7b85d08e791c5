import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  FORMAT_VERSION,
  type Limits,
  type PlannedTrial,
  type TrialEvent,
  type TrialFailure,
  type TrialResult,
} from '../records/index.js';
import { furthestCheckpoint, removeCheckpoints, saveCheckpoint, type Checkpoint } from '../store/checkpoints.js';
import { attemptFolder, heartbeatFile, releaseClaim, takeClaim, type Claim } from '../store/claim.js';
import { failureFile, publishFailure, recordFailure, settleFailures } from '../store/failures.js';
import { makeFolderIn, writeJson } from '../store/files.js';
import { readReopened } from '../store/reopened.js';
import { describeFiles } from '../store/file-manifest.js';
import { guardStore, MachineError, StoreError } from '../store/store-error.js';
import type { SweepStore } from '../store/sweep-store.js';
import { AttemptLog } from './attempt-log.js';
import { classifyFailure } from './classify-failure.js';
import { overtimeFailure, type Guard } from './guard.js';
import { AttemptStopped, TrialError, type TrialExecutor, type TrialOutcome } from './trial-attempt.js';

/**
 * How an attempt ended. `published`: a result is there, ours or another's. `busy`: somebody else is at it. `stopped`: a
 * checkpoint is saved and the claim released. `again`: it failed in a way that a retry may mend.
 */
export type AttemptEnd =
  | { readonly type: 'published' }
  | { readonly type: 'busy'; readonly attempt: string | undefined }
  | { readonly type: 'stopped'; readonly why: AttemptStopped['why'] }
  | { readonly type: 'again'; readonly failure: TrialFailure };

export interface AttemptOptions {
  readonly store: SweepStore;
  readonly trial: PlannedTrial;
  readonly limits: Limits;
  readonly execute: TrialExecutor;
  readonly guard: Guard;
  readonly stop: AbortSignal;
  /** Ends the attempt with a checkpoint once an `eval` event reaches this step (early stopping). */
  readonly pauseAtStep?: number | undefined;
  readonly mayTakeOver: (claim: Claim) => boolean;
  readonly onBegin?: (attempt: string, resumedFrom: number | undefined) => void;
  readonly onEvent?: (event: TrialEvent) => void;
}

/**
 * Makes one attempt at a trial: claim, run, publish. Whatever happens elsewhere meanwhile, exactly one attempt's result
 * gets published.
 *
 * @throws MachineError if the machine fails; nothing is held against the trial then
 * @throws StoreError if what is stored of the trial cannot be used
 */
export async function runAttempt(options: AttemptOptions): Promise<AttemptEnd> {
  const { store, trial, limits } = options;
  const folder = store.trialFolder(trial.hash);
  if (store.result(trial.hash)) return { type: 'published' };
  const config = store.config(trial.hash);
  const number = store.attempts(trial.hash).length + 1;
  const id = `${String(number).padStart(4, '0')}-${randomBytes(4).toString('hex')}`;
  let inTheWay: string | undefined;
  const mayTakeOver = (claim: Claim): boolean => {
    inTheWay = claim.attempt;
    return options.mayTakeOver(claim);
  };
  if (!takeClaim(folder, id, mayTakeOver)) return { type: 'busy', attempt: inTheWay };
  try {
    // Between the first look and the claim another may have finished, or died for the last time.
    if (store.result(trial.hash) ?? settleFailures(store, trial, limits)) return { type: 'published' };
    return await attempt(options, id, config);
  } finally {
    releaseClaim(folder, id);
  }
}

async function attempt(options: AttemptOptions, id: string, config: TrialConfig): Promise<AttemptEnd> {
  const { store, trial, limits, guard } = options;
  const trialFolder = store.trialFolder(trial.hash);
  const folder = attemptFolder(trialFolder, id);
  makeFolderIn(trialFolder, 'attempts', id);
  writeJson(join(folder, 'config.json'), config, { durably: false });
  const checkpoint = checkpointOf(store, trial.hash, id);
  const timing = { startedAt: Date.now(), begun: performance.now(), before: checkpoint?.seconds ?? 0 };
  const log = new AttemptLog(folder, checkpoint);
  const abort = new AbortController();
  const forwardStop = (): void => abort.abort(options.stop.reason ?? new AttemptStopped('stop'));
  options.stop.addEventListener('abort', forwardStop, { once: true });
  if (options.stop.aborted) forwardStop();
  guard.watch(
    {
      heartbeatFile: heartbeatFile(trialFolder, id),
      failureFile: failureFile(trialFolder, id),
      memoryMiB: limits.memoryMiB,
      seconds: limits.seconds,
    },
    () => abort.abort(new AttemptStopped('time')),
  );
  options.onBegin?.(id, checkpoint?.step);
  const secondsSoFar = (): number => timing.before + (performance.now() - timing.begun) / 1000;
  try {
    const outcome = await options.execute({
      hash: trial.hash,
      group: trial.group,
      arm: trial.arm,
      axes: trial.axes,
      seed: trial.seed,
      config,
      contents: store.contents(trial.hash),
      folder,
      checkpoint,
      signal: abort.signal,
      emit: (event) => {
        const stamped = { time: Date.now(), ...event };
        log.event(stamped);
        options.onEvent?.(stamped);
        const pause = options.pauseAtStep;
        if (pause !== undefined && event.type === 'eval' && event.step >= pause)
          abort.abort(new AttemptStopped('rung'));
      },
      log: (line) => log.line(line),
      saveCheckpoint: (step, write) => {
        log.sync();
        return saveCheckpoint(folder, { step, seconds: secondsSoFar(), eventBytes: log.eventBytes }, write);
      },
    });
    writeJson(join(folder, 'result.json'), {
      formatVersion: FORMAT_VERSION,
      hash: trial.hash,
      group: trial.group,
      arm: trial.arm,
      axes: trial.axes,
      seed: trial.seed,
      status: 'finished',
      attempt: id,
      attempts: store.attempts(trial.hash).length,
      startedAt: timing.startedAt,
      finishedAt: Date.now(),
      seconds: secondsSoFar(),
      ...finiteOutcome(outcome),
      files: guardStore(folder, () => describeFiles(folder)),
    } satisfies TrialResult);
    store.publish(trial.hash, id);
    removeCheckpoints(attemptFolders(store, trial.hash));
    return { type: 'published' };
  } catch (thrown) {
    return ended(thrown, options, id, log, { startedAt: timing.startedAt, seconds: secondsSoFar() });
  } finally {
    options.stop.removeEventListener('abort', forwardStop);
    guard.rest();
    log.close();
  }
}

type TrialConfig = ReturnType<SweepStore['config']>;

function ended(
  thrown: unknown,
  { store, trial, limits }: AttemptOptions,
  id: string,
  log: AttemptLog,
  timing: { startedAt: number; seconds: number },
): AttemptEnd {
  if (thrown instanceof AttemptStopped && thrown.why !== 'time') return { type: 'stopped', why: thrown.why };
  if (thrown instanceof StoreError) throw thrown;
  const failure =
    thrown instanceof AttemptStopped
      ? overtimeFailure(limits.seconds ?? 0)
      : classifyFailure(thrown, store.trialFolder(trial.hash));
  if (failure instanceof MachineError) throw failure;
  log.line(failure.stack ?? failure.message);
  recordFailure(store, trial.hash, id, failure);
  if (failure.kind !== 'infrastructure' && failure.kind !== 'unknown') {
    publishFailure(store, trial, id, failure, timing);
    return { type: 'published' };
  }
  return settleFailures(store, trial, limits) ? { type: 'published' } : { type: 'again', failure };
}

/** JSON has no NaN and no infinity: a diverged metric is a failure to report, not a null in a table. */
function finiteOutcome(outcome: TrialOutcome): Pick<TrialResult, 'metrics' | 'load' | 'classes' | 'code'> {
  for (const [name, value] of Object.entries(outcome.metrics)) {
    if (!Number.isFinite(value)) throw new TrialError(`the trial diverged: ${name} is ${value}`);
  }
  return {
    metrics: { ...outcome.metrics },
    ...(outcome.load ? { load: outcome.load } : {}),
    ...(outcome.classes ? { classes: outcome.classes } : {}),
    ...(outcome.code ? { code: outcome.code } : {}),
  };
}

function attemptFolders(store: SweepStore, hash: string): string[] {
  return store.attempts(hash).map((attempt) => attemptFolder(store.trialFolder(hash), attempt));
}

/** The furthest checkpoint of the attempts that a rerun has not set aside. */
function checkpointOf(store: SweepStore, hash: string, own: string): Checkpoint | undefined {
  const reopened = readReopened(store.trialFolder(hash));
  const attempts = store
    .attempts(hash)
    .slice(reopened.from === 'start' ? reopened.attempts : 0)
    .filter((attempt) => attempt !== own);
  return furthestCheckpoint(attempts.map((attempt) => attemptFolder(store.trialFolder(hash), attempt)));
}
