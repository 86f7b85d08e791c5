import type { PlannedTrial, TrialEvent, TrialFailure, TrialResult } from '../records/index.js';
import type { ArmStop } from '../store/stops.js';
import type { SweepStore } from '../store/sweep-store.js';

/** What happens to a sweep's trials, as their launcher sees it. */
export type LaunchEvent =
  | {
      readonly type: 'trial-started';
      readonly trial: PlannedTrial;
      readonly attempt: string;
      /** Step of the checkpoint that it goes on from. */
      readonly resumedFrom?: number | undefined;
      /** Number of the worker, 0-based. */
      readonly worker?: number;
    }
  | { readonly type: 'progress'; readonly trial: PlannedTrial; readonly event: TrialEvent }
  | { readonly type: 'trial-finished'; readonly trial: PlannedTrial; readonly result: TrialResult }
  | { readonly type: 'trial-failed'; readonly trial: PlannedTrial; readonly result: TrialResult }
  | {
      readonly type: 'trial-retried';
      readonly trial: PlannedTrial;
      readonly failure: TrialFailure;
      /** Whether it will have the machine to itself, because memory ran out. */
      readonly alone: boolean;
    }
  /** Ended with a checkpoint: the sweep stops, or arms are compared at this step. */
  | { readonly type: 'trial-paused'; readonly trial: PlannedTrial; readonly why: 'stop' | 'rung' | 'time' }
  /** Another worker on the same store is at it. */
  | { readonly type: 'trial-elsewhere'; readonly trial: PlannedTrial }
  | { readonly type: 'trial-damaged'; readonly trial: PlannedTrial; readonly message: string }
  | { readonly type: 'arm-stopped'; readonly stop: ArmStop }
  /** The machine or the cluster fails; what runs goes on, what waits does so until it is over. */
  | { readonly type: 'trouble'; readonly message: string }
  | { readonly type: 'submitted'; readonly id: string; readonly tasks: number }
  | { readonly type: 'stopping' };

export interface LaunchSummary {
  readonly finished: number;
  readonly failed: number;
  /** Neither finished nor failed nor stopped early: to be run by the next start. */
  readonly remaining: number;
  /** Published results that cannot be read. */
  readonly damaged: number;
  /** Trials whose arm was stopped early. */
  readonly stopped: number;
}

export interface LaunchRequest {
  readonly store: SweepStore;
  /** Only these trials; default: all of the sweep. Finished ones are never run again. */
  readonly hashes?: readonly string[] | undefined;
  /** Whether to follow trials that run elsewhere until they are done. Default true; false ends after handing over. */
  readonly follow?: boolean;
}

/** Trials that were handed to a launcher. */
export interface Submission {
  /** How the launcher's system knows it; empty on this machine. */
  readonly id: string;
  /** What happens until no trial is left. To be consumed once. */
  events(): AsyncIterable<LaunchEvent>;
  /** When no trial is left. @throws StoreError if the store failed; what was finished is kept. */
  readonly done: Promise<LaunchSummary>;
  /** Ends it: with checkpoints and released claims, or at once. */
  cancel(how: 'checkpoint' | 'kill'): Promise<void>;
}

/** Runs a sweep's open trials somewhere: on this machine, as a Slurm job array, as Kubernetes jobs. */
export interface Launcher {
  readonly id: string;
  /** Whether its workers measure the baselines too, since the machine that submits is no place to compute on. */
  readonly measuresBaselines?: boolean;
  /** Hands the trials over; returns when they are accepted, not when they are done. */
  submit(request: LaunchRequest): Promise<Submission>;
}
