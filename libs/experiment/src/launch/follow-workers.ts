import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UserError } from '@gmoe/core';
import type { PlannedTrial } from '../records/index.js';
import { MachineError } from '../store/store-error.js';
import { MachineTrouble } from '../worker/machine-trouble.js';
import { openTrials } from '../worker/run-worker.js';
import { EventQueue } from './event-queue.js';
import type { LaunchEvent, LaunchRequest, LaunchSummary, Submission } from './launcher.js';
import { StoreFollower } from './store-follower.js';
import { summarise } from './summary.js';

/** The workers' system does not answer: what runs goes on without it. */
export class NoAnswer extends UserError {}

/** What the store shows of a submission. */
export interface StoreView {
  /** Trials that have no result yet, at the last look. */
  open(): readonly PlannedTrial[];
  /** Looks again. Returns what is new, which is told to whoever follows. */
  look(): readonly LaunchEvent[];
}

/** Tells whoever follows the submission. The same trouble is told once in a row. */
export type Tell = (event: LaunchEvent) => void;

/** Workers in a system of their own, out of sight but for the store. */
export interface FollowedWorkers {
  /** How their system knows them. */
  readonly id: string;
  /** Between two looks, s. */
  readonly pollSeconds: number;
  /**
   * Looks after the workers: starts again what died, as far as it is worth it.
   *
   * @param events what was new in the store since the last call
   * @returns whether a worker is left that could bring a result
   * @throws NoAnswer to be asked again later
   */
  attend(view: StoreView, events: readonly LaunchEvent[]): Promise<boolean>;
  /** Asks them to save checkpoints and end, or ends them at once. */
  cancel(how: 'checkpoint' | 'kill'): void | Promise<void>;
  /** Ends a pause early. */
  readonly changed?: Promise<unknown>;
}

/**
 * A submission whose events come from the store: it ends when every trial has a result, or no worker is left that could bring
 * one. A store that is away, and a system that does not answer, are waited for.
 *
 * @param start gets the workers; they may tell what happened before anybody listens
 */
export function followWorkers(request: LaunchRequest, start: (tell: Tell) => FollowedWorkers): Submission {
  const { store, hashes, follow = true } = request;
  const emitted = new EventQueue<LaunchEvent>();
  let trouble: string | undefined;
  const tell: Tell = (event) => {
    if (event.type === 'trouble') {
      if (event.message === trouble) return;
      trouble = event.message;
    }
    emitted.push(event);
  };
  const follower = new StoreFollower(store, openTrials(store, hashes));
  const machine = new MachineTrouble(store, {}, true);
  const workers = start(tell);
  const look = (): readonly LaunchEvent[] => {
    const events = follower.look();
    for (const event of events) tell(event);
    return events;
  };
  const view: StoreView = { open: () => follower.open, look };
  /** Returns whether there is more to wait for. */
  const step = async (): Promise<boolean> => {
    const events = look();
    if (follower.open.length === 0) return false;
    const told = trouble;
    if (!(await workers.attend(view, events))) return false;
    machine.passed();
    if (trouble === told) trouble = undefined;
    return true;
  };
  const run = async (): Promise<LaunchSummary> => {
    for (let more = follow; more;) {
      try {
        more = await step();
      } catch (error) {
        if (error instanceof MachineError) machine.report(error);
        else if (!(error instanceof NoAnswer)) throw error;
        if (machine.verdict() === 'give-up') throw error;
        tell({ type: 'trouble', message: `${error.message}; what runs goes on` });
      }
      if (more) await pause(workers);
    }
    look();
    return summarise(store, hashes);
  };
  const done = run().finally(() => emitted.close());
  done.catch(() => undefined);
  let stopping = false;
  return {
    id: workers.id,
    done,
    events: () => emitted,
    async cancel(how) {
      if (!stopping) tell({ type: 'stopping' });
      stopping = true;
      try {
        await workers.cancel(how);
      } catch (error) {
        // Nobody awaits a cancel after Ctrl-C.
        tell({ type: 'trouble', message: `the workers may still run: ${messageOf(error)}` });
      }
    },
  };
}

async function pause({ pollSeconds, changed }: FollowedWorkers): Promise<void> {
  await Promise.race([delay(pollSeconds * 1000), ...(changed ? [changed.catch(() => undefined)] : [])]);
}
