import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@gmoe/core';
import { openTrials } from '../worker/run-worker.js';
import { EventQueue } from './event-queue.js';
import type { LaunchEvent, LaunchRequest, LaunchSummary, Submission } from './launcher.js';
import { StoreFollower } from './store-follower.js';
import { summarise } from './summary.js';

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
  const { store, hashes, follow = true } = request;
  const emitted = new EventQueue<LaunchEvent>();
  const trials = openTrials(store, hashes);
  const follower = new StoreFollower(store, trials);
  emitted.push({ type: 'submitted', id: work.id, tasks: trials.length });
  const look = (): void => follower.look().forEach((event) => emitted.push(event));
  let over = false;
  const ended = work.ended.finally(() => (over = true));
  const run = async (): Promise<LaunchSummary> => {
    while (follow && !over && follower.open.length > 0) {
      look();
      await Promise.race([ended, delay((work.pollSeconds ?? 1) * 1000)]);
    }
    look();
    return summarise(store, hashes);
  };
  const done = run().finally(() => emitted.close());
  done.catch(() => undefined);
  return {
    id: work.id,
    done,
    events: () => emitted,
    async cancel(how) {
      emitted.push({ type: 'stopping' });
      try {
        await work.cancel(how);
      } catch (error) {
        // Nobody awaits a cancel after Ctrl-C.
        emitted.push({ type: 'trouble', message: `the workers may still run: ${messageOf(error)}` });
      }
    },
  };
}
