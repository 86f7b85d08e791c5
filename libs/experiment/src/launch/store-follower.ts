import { join } from 'node:path';
import { messageOf, readRange } from '@gmoe/core';
import { trialEventSchema, type PlannedTrial, type TrialEvent } from '../records/index.js';
import { attemptFolder, readClaim } from '../store/claim.js';
import { readStops } from '../store/stops.js';
import type { SweepStore } from '../store/sweep-store.js';
import type { LaunchEvent } from './launcher.js';

interface Followed {
  readonly trial: PlannedTrial;
  attempt?: string;
  offset: number;
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
    this.trials = trials.map((trial) => ({ trial, offset: 0, over: false }));
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
      Object.assign(followed, { attempt, offset: 0 });
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

  /** Complete lines that were added to the attempt's events. */
  private newEvents(followed: Followed): TrialEvent[] {
    if (followed.attempt === undefined) return [];
    const folder = attemptFolder(this.store.trialFolder(followed.trial.hash), followed.attempt);
    const text = readRange(join(folder, 'events.jsonl'), followed.offset).toString('utf8');
    const complete = text.slice(0, text.lastIndexOf('\n') + 1);
    followed.offset += Buffer.byteLength(complete);
    return complete
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => {
        const parsed = trialEventSchema.safeParse(quietlyParse(line));
        return parsed.success ? [parsed.data] : [];
      });
  }
}

function quietlyParse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
