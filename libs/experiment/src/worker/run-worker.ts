import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedTrial, TrialEvent } from '../records/index.js';
import { ClaimObserver } from '../store/claim.js';
import { readStops } from '../store/stops.js';
import type { SweepStore } from '../store/sweep-store.js';
import { Guard, type GuardOptions } from './guard.js';
import { runAttempt, type AttemptEnd } from './run-attempt.js';
import type { TrialExecutor } from './trial-attempt.js';

/** What a worker tells its caller. */
export type WorkerEvent =
  | {
      readonly type: 'begin';
      readonly trial: PlannedTrial;
      readonly attempt: string;
      readonly resumedFrom: number | undefined;
    }
  | { readonly type: 'event'; readonly trial: PlannedTrial; readonly event: TrialEvent }
  | { readonly type: 'end'; readonly trial: PlannedTrial; readonly end: AttemptEnd };

export interface WorkerOptions {
  readonly store: SweepStore;
  readonly execute: TrialExecutor;
  /** Aborted: save a checkpoint, release the claim, return. */
  readonly stop: AbortSignal;
  /** Only these trials; default: all of the sweep. */
  readonly hashes?: readonly string[];
  /** Whether to stay while others are at the last trials, to take over what they leave. Default true. */
  readonly untilAllDone?: boolean;
  /** How long a heartbeat must stand still before its trial is taken over, s. */
  readonly staleSeconds?: number;
  /** Between two looks at trials in other hands, s. */
  readonly pollSeconds?: number;
  readonly guard?: GuardOptions;
  readonly onEvent?: (event: WorkerEvent) => void;
}

export interface WorkerSummary {
  /** Trials that this worker brought to a published result. */
  readonly published: number;
  /** Trials of the sweep without result when it returned. */
  readonly remaining: number;
}

/**
 * Works through a sweep's open trials beside any other workers on the same store, on this machine or others. Seeds of
 * one arm come one after the other, so that what was compiled for an arm serves all of them.
 *
 * @throws StoreError if the store fails.
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerSummary> {
  const { store, stop, onEvent, pollSeconds = 2 } = options;
  const observer = new ClaimObserver(options.staleSeconds);
  const guard = new Guard(options.guard);
  let published = 0;
  let lastGroup: string | undefined;
  try {
    while (!stop.aborted) {
      const { limits } = store.manifest();
      const open = openTrials(store, options.hashes);
      let progressed = false;
      for (const trial of preferGroup(open, lastGroup)) {
        if (stop.aborted) break;
        const end = await runAttempt({
          store,
          trial,
          limits,
          execute: options.execute,
          guard,
          stop,
          mayTakeOver: (claim) => observer.isStale(store.trialFolder(trial.hash), claim),
          onBegin: (attempt, resumedFrom) => onEvent?.({ type: 'begin', trial, attempt, resumedFrom }),
          onEvent: (event) => onEvent?.({ type: 'event', trial, event }),
        });
        onEvent?.({ type: 'end', trial, end });
        if (end.type === 'busy') continue;
        if (end.type === 'published') published++;
        lastGroup = trial.group;
        progressed = true;
        break;
      }
      if (progressed) continue;
      if (open.length === 0 || options.untilAllDone === false) break;
      await delay(pollSeconds * 1000, undefined, { signal: stop }).catch(() => undefined);
    }
  } finally {
    await guard.close();
  }
  return { published, remaining: openTrials(store, options.hashes).length };
}

/** Trials without a result whose arm was not stopped early. */
export function openTrials(store: SweepStore, hashes?: readonly string[]): PlannedTrial[] {
  const chosen = hashes && new Set(hashes);
  const stopped = new Set(readStops(store).map((stop) => stop.group));
  return store
    .manifest()
    .trials.filter(
      (trial) => (!chosen || chosen.has(trial.hash)) && !stopped.has(trial.group) && !store.isPublished(trial.hash),
    );
}

/** The same trials, those of one group first. */
export function preferGroup(trials: readonly PlannedTrial[], group: string | undefined): PlannedTrial[] {
  return [...trials.filter((trial) => trial.group === group), ...trials.filter((trial) => trial.group !== group)];
}
