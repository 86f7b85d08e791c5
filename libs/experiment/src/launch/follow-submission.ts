import { openTrials } from '../worker/run-worker.js';
import { followWorkers } from './follow-workers.js';
import type { LaunchRequest, Submission } from './launcher.js';

/** Workers that a launcher has started or queued somewhere. */
export interface SubmittedWork {
  /** How their system knows them. */
  readonly id: string;
  /** When none of them is left, whether or not their trials have results. */
  readonly ended: Promise<unknown>;
  /** Asks them to save checkpoints and end, or ends them at once. */
  cancel(how: 'checkpoint' | 'kill'): void | Promise<void>;
  /** How often the store is looked at, s. Default 1. */
  readonly pollSeconds?: number;
}

/**
 * A submission whose events come from the store, for launchers whose workers are out of sight: it ends when every trial has a
 * result, or no worker is left.
 */
export function followSubmission(request: LaunchRequest, work: SubmittedWork): Submission {
  let over = false;
  const changed = work.ended.finally(() => (over = true));
  changed.catch(() => undefined);
  return followWorkers(request, (tell) => {
    tell({ type: 'submitted', id: work.id, tasks: openTrials(request.store, request.hashes).length });
    return {
      id: work.id,
      pollSeconds: work.pollSeconds ?? 1,
      changed,
      attend: async () => {
        if (over) await changed;
        return !over;
      },
      cancel: (how) => work.cancel(how),
    };
  });
}
