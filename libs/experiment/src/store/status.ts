import { existsSync } from 'node:fs';
import { messageOf, type Json, largest } from '@gmoe/core';
import type { PlannedTrial, TrialResult } from '../records/index.js';
import { attemptFolder, isAbandoned, readClaim } from './claim.js';
import { furthestCheckpoint } from './checkpoints.js';
import { readReopened } from './reopened.js';
import { readStops, type ArmStop } from './stops.js';
import type { SweepStore } from './sweep-store.js';

/** `claimed`: an attempt is under way, or its machine died and nobody has noticed yet. */
export type TrialState = 'finished' | 'failed' | 'stopped' | 'claimed' | 'todo' | 'damaged';

export interface TrialStatus extends PlannedTrial {
  readonly state: TrialState;
  readonly result?: TrialResult;
  /** Step of the checkpoint that an open one goes on from. */
  readonly checkpoint?: number;
  /** What is wrong with a damaged or failed one. */
  readonly problem?: string;
}

export interface ArmStatus {
  readonly name: string;
  readonly group: string;
  readonly axes: Readonly<Record<string, Json>>;
  readonly trials: readonly TrialStatus[];
  readonly stop?: ArmStop;
}

export interface SweepStatus {
  readonly name: string;
  readonly arms: readonly ArmStatus[];
  readonly trials: readonly TrialStatus[];
  readonly counts: Readonly<Record<TrialState, number>>;
  /** Estimate of the time left; absent while nothing is finished and no calibration is given. */
  readonly estimate?: {
    /** One trial, s, mean over the open ones. */
    readonly secondsPerTrial: number;
    /** Until the last trial is done, s. */
    readonly secondsLeft: number;
    /** Finished trials that it rests on; 0: on the calibration. */
    readonly basis: number;
  };
}

export interface StatusOptions {
  /** Trials to look at, recorded in the store or not yet. Default: those that the sweep holds at present. */
  readonly trials?: readonly PlannedTrial[];
  /** Trials that run at the same time. Default 1. */
  readonly jobs?: number;
  /** Seconds that a trial took in a calibration; used while no trial is finished. */
  readonly calibrationSeconds?: number;
}

/** Where a sweep stands: every trial's state, and how long the rest may take, by arm where an arm has finished seeds. */
export function planStatus(store: SweepStore, options: StatusOptions = {}): SweepStatus {
  const manifest = store.manifest();
  const stops = new Map(readStops(store).map((stop) => [stop.group, stop]));
  const trials = (options.trials ?? manifest.trials).map((trial) => statusOf(store, trial, stops));
  const counts: Record<TrialState, number> = { finished: 0, failed: 0, stopped: 0, claimed: 0, todo: 0, damaged: 0 };
  for (const trial of trials) counts[trial.state]++;
  const estimate = estimateTime(trials, options);
  const groups = [...new Set(trials.map((trial) => trial.group))];
  return {
    name: manifest.name,
    arms: groups.map((group) => {
      const own = trials.filter((trial) => trial.group === group);
      const stop = stops.get(group);
      const { arm: name, axes } = own[0]!;
      return { name, group, axes, trials: own, ...(stop ? { stop } : {}) };
    }),
    trials,
    counts,
    ...(estimate ? { estimate } : {}),
  };
}

function statusOf(store: SweepStore, trial: PlannedTrial, stops: ReadonlyMap<string, ArmStop>): TrialStatus {
  try {
    const result = store.result(trial.hash);
    const damage = result && store.damage(trial.hash, result);
    if (damage !== undefined) return { ...trial, state: 'damaged', problem: `${damage}; it will run again` };
    if (result) {
      return { ...trial, state: result.status, result, ...(result.error ? { problem: result.error.message } : {}) };
    }
    if (existsSync(store.trialFolder(trial.hash))) store.config(trial.hash);
  } catch (error) {
    return { ...trial, state: 'damaged', problem: messageOf(error) };
  }
  if (stops.has(trial.group)) return { ...trial, state: 'stopped' };
  const claim = readClaim(store.trialFolder(trial.hash));
  if (claim && !isAbandoned(claim)) return { ...trial, state: 'claimed' };
  const checkpoint = keptStep(store, trial.hash);
  return { ...trial, state: 'todo', ...(checkpoint === undefined ? {} : { checkpoint }) };
}

/** Step of the checkpoint that the next attempt goes on from; of a damaged one the attempt itself will tell. */
function keptStep(store: SweepStore, hash: string): number | undefined {
  const folder = store.trialFolder(hash);
  try {
    const { attempts, from } = readReopened(folder);
    const counted = store.attempts(hash).slice(from === 'start' ? attempts : 0);
    return furthestCheckpoint(counted.map((attempt) => attemptFolder(folder, attempt)))?.step;
  } catch {
    return undefined;
  }
}

function estimateTime(
  trials: readonly TrialStatus[],
  { jobs = 1, calibrationSeconds }: StatusOptions,
): SweepStatus['estimate'] {
  const finished = trials.filter((trial) => trial.state === 'finished');
  const open = trials.filter((trial) => trial.state === 'todo' || trial.state === 'claimed');
  const meanOf = (list: readonly TrialStatus[]): number | undefined =>
    list.length > 0 ? list.reduce((sum, trial) => sum + trial.result!.seconds, 0) / list.length : undefined;
  const overall = meanOf(finished) ?? calibrationSeconds;
  if (overall === undefined) return undefined;
  const expected = open.map((trial) => meanOf(finished.filter((other) => other.group === trial.group)) ?? overall);
  const total = expected.reduce((sum, seconds) => sum + seconds, 0);
  const longest = largest(expected, 0);
  return {
    secondsPerTrial: open.length > 0 ? total / open.length : overall,
    secondsLeft: Math.max(total / Math.max(1, Math.min(jobs, open.length)), longest),
    basis: finished.length,
  };
}
