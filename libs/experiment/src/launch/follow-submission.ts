import type { LaunchRequest, Submission } from './launcher.js';
import { StoreWatch } from './store-watch.js';

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
  const watch = new StoreWatch(request);
  watch.tell({ type: 'submitted', id: work.id, tasks: watch.open.length });
  let over = false;
  const changed = work.ended.finally(() => (over = true));
  changed.catch(() => undefined);
  return watch.follow({
    id: work.id,
    pollSeconds: work.pollSeconds ?? 1,
    changed,
    attend: async () => {
      if (over) await changed;
      return !over;
    },
    cancel: (how) => work.cancel(how),
  });
}
