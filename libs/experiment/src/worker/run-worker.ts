import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedTrial, TrialEvent } from '../records/index.js';
import { createAsha } from '../stopping/asha.js';
import { runEverything, type SchedulingPolicy, type WorkItem } from '../stopping/policy.js';
import { ClaimObserver } from '../store/claim.js';
import { withdrawDamaged } from '../store/reopen.js';
import { readStops, recordStop } from '../store/stops.js';
import type { SweepStore } from '../store/sweep-store.js';
import { MachineError } from '../store/store-error.js';
import { Guard, type GuardOptions } from './guard.js';
import { MachineTrouble, type PatienceOptions } from './machine-trouble.js';
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
  | { readonly type: 'end'; readonly trial: PlannedTrial; readonly end: AttemptEnd }
  /** The machine failed; the worker waits, or tries again. */
  | { readonly type: 'trouble'; readonly message: string }
  /** A published result whose files are damaged: it runs again. */
  | { readonly type: 'damaged'; readonly trial: PlannedTrial; readonly message: string };

export interface WorkerOptions extends PatienceOptions {
  readonly store: SweepStore;
  readonly execute: TrialExecutor;
  /** Aborted: save a checkpoint, release the claim, return. */
  readonly stop: AbortSignal;
  /** Only these trials; default: all of the sweep. */
  readonly hashes?: readonly string[];
  /** Whether to stay while others are at the last trials, to take over what they leave. Default true. */
  readonly untilAllDone?: boolean;
  /** How long to stay with nothing to take while others are at the last trials, s. Default: until they are done. */
  readonly idleSeconds?: number;
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
 * one arm come one after the other, so that what was compiled for an arm serves all of them. Where the sweep stops arms early,
 * any worker decides it: the decisions depend on the scores in the store alone.
 *
 * @throws MachineError if the machine fails and waiting does not help, or it failed a few times in a row.
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerSummary> {
  const { store, stop, onEvent, pollSeconds = 2 } = options;
  const worker = new Worker(options);
  const trouble = new MachineTrouble(store, options);
  let published = 0;
  let idleSince: number | undefined;
  try {
    while (!stop.aborted) {
      try {
        const turn = await worker.turn();
        if (turn.published) published++;
        if (turn.progressed) {
          idleSince = undefined;
          trouble.passed();
          continue;
        }
        if (turn.open === 0 || options.untilAllDone === false) break;
        idleSince ??= performance.now();
        if (performance.now() - idleSince > (options.idleSeconds ?? Infinity) * 1000) break;
      } catch (error) {
        if (!(error instanceof MachineError)) throw error;
        if (trouble.current?.message !== error.message) onEvent?.({ type: 'trouble', message: error.message });
        trouble.report(error);
      }
      while (trouble.verdict() === 'wait' && !stop.aborted) await pause(Math.min(pollSeconds, 1), stop);
      if (trouble.verdict() === 'give-up') throw trouble.current;
      if (!trouble.current) await pause(pollSeconds, stop);
    }
  } finally {
    await worker.close();
  }
  return { published, remaining: openTrials(store, options.hashes).length };
}

async function pause(seconds: number, stop: AbortSignal): Promise<void> {
  await delay(seconds * 1000, undefined, { signal: stop }).catch(() => undefined);
}

class Worker {
  private readonly observer: ClaimObserver;
  private readonly guard: Guard;
  private readonly policy: SchedulingPolicy | undefined;
  private lastGroup: string | undefined;
  private checked = false;

  constructor(private readonly options: WorkerOptions) {
    this.observer = new ClaimObserver(options.staleSeconds);
    this.guard = new Guard(options.guard);
    const { stopping } = options.store.manifest();
    if (stopping) this.policy = createAsha(options.store, stopping);
  }

  /** Tries the open trials until one gets on. */
  async turn(): Promise<{ readonly progressed: boolean; readonly published: boolean; readonly open: number }> {
    const { store, stop, onEvent } = this.options;
    this.withdrawDamaged();
    const { limits } = store.manifest();
    const open = openTrials(store, this.options.hashes);
    for (const { trial, pauseAtStep } of this.itemsOf(open)) {
      if (stop.aborted) break;
      const end = await runAttempt({
        store,
        trial,
        limits,
        execute: this.options.execute,
        guard: this.guard,
        stop,
        pauseAtStep,
        mayTakeOver: (claim) => this.observer.isStale(store.trialFolder(trial.hash), claim),
        onBegin: (attempt, resumedFrom) => onEvent?.({ type: 'begin', trial, attempt, resumedFrom }),
        onEvent: (event) => onEvent?.({ type: 'event', trial, event }),
      });
      onEvent?.({ type: 'end', trial, end });
      if (end.type === 'busy') continue;
      this.lastGroup = trial.group;
      return { progressed: true, published: end.type === 'published', open: open.length };
    }
    const stops = this.policy?.drain().stops ?? [];
    for (const one of stops) recordStop(store, one);
    return { progressed: stops.length > 0, published: false, open: open.length };
  }

  /** What may run now, those of the last arm first. */
  private itemsOf(open: readonly PlannedTrial[]): WorkItem[] {
    const ordered = preferGroup(open, this.lastGroup);
    if (!this.policy) return runEverything(ordered).start();
    const wanted = new Map(this.policy.start().map((item) => [item.trial.hash, item]));
    return ordered.flatMap((trial) => wanted.get(trial.hash) ?? []);
  }

  private withdrawDamaged(): void {
    if (this.checked) return;
    const { store, hashes, onEvent } = this.options;
    for (const { trial, message } of withdrawDamaged(store, hashes).again)
      onEvent?.({ type: 'damaged', trial, message });
    this.checked = true;
  }

  close(): Promise<void> {
    return this.guard.close();
  }
}

/** Trials without a result whose arm was not stopped early. */
export function openTrials(store: SweepStore, hashes?: readonly string[]): PlannedTrial[] {
  store.mustBeThere();
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
