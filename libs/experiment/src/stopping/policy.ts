import type { PlannedTrial } from '../records/index.js';
import type { ArmStop } from '../store/stops.js';

/** A trial to run, perhaps only up to a step. */
export interface WorkItem {
  readonly trial: PlannedTrial;
  readonly pauseAtStep?: number | undefined;
}

/** Decides which trials run how far. */
export interface SchedulingPolicy {
  /** What to run at first. */
  start(): WorkItem[];
  /** What may run because an item reached its step or its end. */
  advance(item: WorkItem): WorkItem[];
  /** Whether an item still has something to run: others may have brought it to its step or its end. */
  wants(item: WorkItem): boolean;
  /** When nothing is left to run: what may still run, or the arms that go no further. */
  drain(): { readonly items: WorkItem[]; readonly stops: ArmStop[] };
}

/** Runs every trial to its end. */
export function runEverything(trials: readonly PlannedTrial[]): SchedulingPolicy {
  return {
    start: () => trials.map((trial) => ({ trial })),
    advance: () => [],
    wants: () => true,
    drain: () => ({ items: [], stops: [] }),
  };
}
