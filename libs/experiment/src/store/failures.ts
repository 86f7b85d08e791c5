import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  FORMAT_VERSION,
  trialFailureSchema,
  type Limits,
  type PlannedTrial,
  type TrialFailure,
} from '../records/index.js';
import { attemptFolder } from './claim.js';
import { readJson, writeJson } from './files.js';
import { readReopened } from './reopened.js';
import type { SweepStore } from './sweep-store.js';

/** Failures that would come again: retrying them is waste. */
const FINAL: ReadonlySet<TrialFailure['kind']> = new Set(['error', 'time', 'memory']);
/** How often a trial may fail for reasons that nobody knows. */
const MOST_UNKNOWN = 2;

export function failureFile(trialFolder: string, attempt: string): string {
  return join(attemptFolder(trialFolder, attempt), 'failure.json');
}

/** Records how an attempt ended, unless that is known. */
export function recordFailure(store: SweepStore, hash: string, attempt: string, failure: TrialFailure): TrialFailure {
  const file = failureFile(store.trialFolder(hash), attempt);
  const known = readJson(file, trialFailureSchema);
  if (known) return known;
  writeJson(file, failure);
  return failure;
}

/** How earlier attempts failed that still count, last first. */
export function countedFailures(store: SweepStore, hash: string): { attempt: string; failure: TrialFailure }[] {
  const folder = store.trialFolder(hash);
  return store
    .attempts(hash)
    .slice(readReopened(folder).attempts)
    .flatMap((attempt) => {
      const failure = readJson(failureFile(folder, attempt), trialFailureSchema);
      return failure ? [{ attempt, failure }] : [];
    })
    .reverse();
}

/**
 * Decides after a failed attempt. A failure that would come again, or one more than the retries allow, is published as
 * the trial's result.
 *
 * @returns what was published; undefined if the trial may be tried again.
 */
export function settleFailures(store: SweepStore, trial: PlannedTrial, limits: Limits): TrialFailure | undefined {
  const failures = countedFailures(store, trial.hash);
  const last = failures[0];
  if (!last) return undefined;
  const decisive = failures.find(({ failure }) => FINAL.has(failure.kind));
  const unknown = failures.filter(({ failure }) => failure.kind === 'unknown').length;
  const passing = failures.length > limits.retries || unknown >= MOST_UNKNOWN;
  if (!decisive && !passing) return undefined;
  const { attempt, failure } = decisive ?? last;
  const error: TrialFailure = decisive
    ? failure
    : { ...failure, message: `${failures.length} attempts failed, the last one: ${failure.message}` };
  publishFailure(store, trial, attempt, error, {});
  return error;
}

/** Publishes a failed result from an attempt's folder. */
export function publishFailure(
  store: SweepStore,
  trial: PlannedTrial,
  attempt: string,
  error: TrialFailure,
  timing: { readonly startedAt?: number; readonly seconds?: number },
): void {
  const now = Date.now();
  const file = join(attemptFolder(store.trialFolder(trial.hash), attempt), 'result.json');
  if (!existsSync(file)) {
    writeJson(file, {
      formatVersion: FORMAT_VERSION,
      hash: trial.hash,
      group: trial.group,
      arm: trial.arm,
      axes: trial.axes,
      seed: trial.seed,
      status: 'failed',
      error,
      attempt,
      attempts: store.attempts(trial.hash).length,
      startedAt: timing.startedAt ?? now,
      finishedAt: now,
      seconds: timing.seconds ?? 0,
      metrics: {},
    });
  }
  store.publish(trial.hash, attempt);
}
