import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson, readTail } from '@gmoe/core';
import { trialEventSchema, type PlannedTrial } from '../records/index.js';
import { attemptFolder, heartbeatFile, isAbandoned, readClaim } from './claim.js';
import { countedFailures } from './failures.js';
import { planStatus, type TrialState } from './status.js';
import type { SweepStore } from './sweep-store.js';

/** One trial in the hands of a process. */
export interface Activity {
  readonly trial: PlannedTrial;
  readonly attempt: string;
  /** Name of the machine. */
  readonly host: string;
  readonly pid: number;
  readonly step: number | null;
  /** Optimizer steps in all, where the config says. */
  readonly steps: number | null;
  /** Training loss at the last event that has one. */
  readonly loss: number | null;
  /** Age of the heartbeat by the store's clock, s; null before the first one. */
  readonly heartbeatSeconds: number | null;
  /** Earlier attempts that failed. */
  readonly failures: number;
}

/** What goes on in a sweep, whoever runs it: from the store alone. */
export interface SweepActivity {
  readonly name: string;
  readonly counts: Readonly<Record<TrialState, number>>;
  readonly working: readonly Activity[];
  readonly failed: readonly { readonly trial: PlannedTrial; readonly problem: string }[];
}

/** Bytes of an attempt's events that are looked at. */
const TAIL_BYTES = 16 * 2 ** 10;

export function sweepActivity(store: SweepStore, now = Date.now()): SweepActivity {
  const { name, counts, trials } = planStatus(store);
  const working = trials
    .filter(({ state }) => state === 'claimed')
    .flatMap((trial) => activityOf(store, trial, now) ?? []);
  const failed = trials
    .filter(({ state }) => state === 'failed' || state === 'damaged')
    .map((trial) => ({ trial, problem: trial.problem ?? '' }));
  return { name, counts, working, failed };
}

function activityOf(store: SweepStore, trial: PlannedTrial, now: number): Activity | undefined {
  const folder = store.trialFolder(trial.hash);
  const claim = readClaim(folder);
  // Released since the status was taken.
  if (!claim || isAbandoned(claim)) return undefined;
  const { attempt, owner } = claim;
  return {
    trial,
    attempt,
    host: owner.host.split('/')[0]!,
    pid: owner.pid,
    ...lastPoint(join(attemptFolder(folder, attempt), 'events.jsonl')),
    steps: stepsOf(store, trial.hash),
    heartbeatSeconds: ageOf(heartbeatFile(folder, attempt), now),
    failures: countedFailures(store, trial.hash).length,
  };
}

/** Step of an attempt's last event, and the last training loss beside it. */
function lastPoint(file: string): { step: number | null; loss: number | null } {
  let step: number | null = null;
  for (const line of readTail(file, TAIL_BYTES).split('\n').reverse()) {
    const event = trialEventSchema.safeParse(parsed(line)).data;
    step ??= event?.step ?? null;
    const loss = event?.metrics?.['train/lm_loss'] ?? event?.metrics?.['train/loss'];
    if (loss !== undefined) return { step, loss };
  }
  return { step, loss: null };
}

function parsed(line: string): unknown {
  try {
    return parseJson(line);
  } catch {
    return undefined;
  }
}

/** Optimizer steps of a trial where its config says, else null. */
export function stepsOf(store: SweepStore, hash: string): number | null {
  try {
    const { training, steps } = store.config(hash) as { training?: { steps?: unknown }; steps?: unknown };
    const value = training?.steps ?? steps;
    return typeof value === 'number' ? value : null;
  } catch {
    return null;
  }
}

function ageOf(file: string, now: number): number | null {
  try {
    return Math.max(0, (now - statSync(file).mtimeMs) / 1000);
  } catch {
    return null;
  }
}
