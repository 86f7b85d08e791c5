import { join } from 'node:path';
import { messageOf, parseJsonLine } from '@gmoe/core';
import { LineTail } from '../store/line-tail.js';
import { trialEventSchema, type PlannedTrial, type TrialEvent } from '../records/index.js';
import { attemptFolder, readClaim } from '../store/claim.js';
import { readStops } from '../store/stops.js';
import type { SweepStore } from '../store/sweep-store.js';
import type { LaunchEvent } from './launcher.js';

interface Followed {
  readonly trial: PlannedTrial;
  attempt?: string;
  events?: LineTail;
  over: boolean;
}

/** Turns what appears in a store into events, for launchers whose workers are out of sight. */
export class StoreFollower {
  private readonly trials: Followed[];
  private readonly stopped: Set<string>;

  constructor(
    private readonly store: SweepStore,
    trials: readonly PlannedTrial[],
  ) {
    this.trials = trials.map((trial) => ({ trial, over: false }));
    this.stopped = new Set(readStops(store).map(({ group }) => group));
  }

  /** Trials that have no result yet. */
  get open(): PlannedTrial[] {
    return this.trials.filter((followed) => !followed.over).map(({ trial }) => trial);
  }

  /** What is new since the last look. */
  look(): LaunchEvent[] {
    const events = this.trials.filter((followed) => !followed.over).flatMap((followed) => this.lookAt(followed));
    return [...events, ...this.newStops()];
  }

  /** Arms that go no further since the last look; their trials are over. */
  private newStops(): LaunchEvent[] {
    const fresh = readStops(this.store).filter(({ group }) => !this.stopped.has(group));
    for (const { group } of fresh) this.stopped.add(group);
    for (const followed of this.trials) if (this.stopped.has(followed.trial.group)) followed.over = true;
    return fresh.map((stop) => ({ type: 'arm-stopped', stop }));
  }

  private lookAt(followed: Followed): LaunchEvent[] {
    const { trial } = followed;
    const events: LaunchEvent[] = [];
    const published = this.store.isPublished(trial.hash);
    const attempt = readClaim(this.store.trialFolder(trial.hash))?.attempt ?? followed.attempt;
    if (attempt !== undefined && attempt !== followed.attempt) {
      const folder = attemptFolder(this.store.trialFolder(trial.hash), attempt);
      Object.assign(followed, { attempt, events: new LineTail(join(folder, 'events.jsonl')) });
      events.push({ type: 'trial-started', trial, attempt });
    }
    for (const event of this.newEvents(followed)) events.push({ type: 'progress', trial, event });
    if (published) {
      followed.over = true;
      events.push(this.outcome(trial));
    }
    return events;
  }

  private outcome(trial: PlannedTrial): LaunchEvent {
    try {
      const result = this.store.result(trial.hash)!;
      return { type: result.status === 'failed' ? 'trial-failed' : 'trial-finished', trial, result };
    } catch (error) {
      return { type: 'trial-damaged', trial, message: messageOf(error) };
    }
  }

  /** What was added to the attempt's events; damaged lines are left out. */
  private newEvents({ events }: Followed): TrialEvent[] {
    return (events?.next() ?? []).flatMap((line) => {
      const parsed = trialEventSchema.safeParse(parseJsonLine(line));
      return parsed.success ? [parsed.data] : [];
    });
  }
}
