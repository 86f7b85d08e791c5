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
  attend(watch: StoreWatch, events: readonly LaunchEvent[]): Promise<boolean>;
  /** Asks them to save checkpoints and end, or ends them at once. */
  cancel(how: 'checkpoint' | 'kill'): void | Promise<void>;
  /** Ends a pause early. */
  readonly changed?: Promise<unknown>;
}

/**
 * A submission whose events come from the store: it ends when every trial has a result, or no worker is left that could bring
 * one. A store that is away, and a system that does not answer, are waited for. To be begun before anything is submitted, so
 * that what comes at once is seen too.
 */
export class StoreWatch {
  private readonly emitted = new EventQueue<LaunchEvent>();
  private readonly follower: StoreFollower;
  /** What was told last, while it lasts. */
  private trouble: string | undefined;

  constructor(private readonly request: LaunchRequest) {
    this.follower = new StoreFollower(request.store, openTrials(request.store, request.hashes));
  }

  /** Trials that have no result yet, at the last look. */
  get open(): readonly PlannedTrial[] {
    return this.follower.open;
  }

  /** Tells whoever follows. */
  readonly tell = (event: LaunchEvent): void => this.emitted.push(event);

  /** Looks again. Returns what is new, which is told to whoever follows. */
  look(): readonly LaunchEvent[] {
    const events = this.follower.look();
    for (const event of events) this.tell(event);
    return events;
  }

  /** Follows workers that were submitted. */
  follow(workers: FollowedWorkers): Submission {
    const done = this.run(workers).finally(() => this.emitted.close());
    done.catch(() => undefined);
    let stopping = false;
    return {
      id: workers.id,
      done,
      events: () => this.emitted,
      cancel: async (how) => {
        if (!stopping) this.tell({ type: 'stopping' });
        stopping = true;
        try {
          await workers.cancel(how);
        } catch (error) {
          // Nobody awaits a cancel after Ctrl-C.
          this.tell({ type: 'trouble', message: `the workers may still run: ${messageOf(error)}` });
        }
      },
    };
  }

  private async run(workers: FollowedWorkers): Promise<LaunchSummary> {
    const { store, hashes, follow = true } = this.request;
    const machine = new MachineTrouble(store, {}, true);
    for (let more = follow; more;) {
      try {
        more = await this.step(workers);
        machine.passed();
        this.trouble = undefined;
      } catch (error) {
        if (error instanceof MachineError) machine.report(error);
        else if (!(error instanceof NoAnswer)) throw error;
        if (machine.verdict() === 'give-up') throw error;
        this.tellOnce(`${error.message}; what runs goes on`);
      }
      if (more) await pause(workers);
    }
    this.look();
    return summarise(store, hashes);
  }

  /** Returns whether there is more to wait for. */
  private async step(workers: FollowedWorkers): Promise<boolean> {
    const events = this.look();
    if (this.open.length === 0) return false;
    return workers.attend(this, events);
  }

  /** Trouble that lasts is told once. */
  private tellOnce(message: string): void {
    if (message !== this.trouble) this.tell({ type: 'trouble', message });
    this.trouble = message;
  }
}

async function pause({ pollSeconds, changed }: FollowedWorkers): Promise<void> {
  await Promise.race([delay(pollSeconds * 1000), ...(changed ? [changed.catch(() => undefined)] : [])]);
}
