import type { Limits, PlannedTrial, TrialEvent } from '../records/index.js';
import type { MachineError } from '../store/store-error.js';
import type { AttemptEnd } from './run-attempt.js';

/** From a launcher to its worker process. */
export type ToWorker =
  | {
      readonly type: 'run';
      readonly trial: PlannedTrial;
      readonly limits: Limits;
      readonly pauseAtStep?: number | undefined;
      /** Attempt whose claim is stale as the launcher sees it. */
      readonly takeOver?: string | undefined;
    }
  /** Save a checkpoint, release the claim, end the process. */
  | { readonly type: 'stop' };

/** From a worker process to its launcher. */
export type FromWorker =
  | { readonly type: 'ready' }
  | {
      readonly type: 'begin';
      readonly hash: string;
      readonly attempt: string;
      readonly resumedFrom?: number | undefined;
    }
  | { readonly type: 'event'; readonly hash: string; readonly event: TrialEvent }
  | { readonly type: 'end'; readonly hash: string; readonly end: AttemptEnd; readonly residentMiB: number }
  | { readonly type: 'store-failed'; readonly message: string }
  /** The machine failed, not the trial; the worker ends. */
  | {
      readonly type: 'machine-failed';
      readonly message: string;
      readonly blame: MachineError['blame'];
      readonly path?: string | undefined;
    };
