import type { Json } from '@gmoe/core';
import type { ClassScore, TrialCode, TrialEvent } from '../records/index.js';
import type { JsonObject } from '../spec/index.js';
import type { Checkpoint } from '../store/checkpoints.js';

/** What an attempt at a trial gets, and how it reports. */
export interface TrialAttempt {
  readonly hash: string;
  readonly group: string;
  readonly arm: string;
  readonly axes: Readonly<Record<string, Json>>;
  readonly seed: number;
  /** The resolved trial config. */
  readonly config: JsonObject;
  /** sha256 of what the config's paths held when the trial was planned, by section. */
  readonly contents?: Readonly<Record<string, string>>;
  /** The attempt's own folder: predictions and adapter go here. */
  readonly folder: string;
  /** Where to go on from; absent at the start. The events up to it are already in this attempt's file. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Aborted when the attempt shall save a checkpoint and end; then throw `signal.reason`. */
  readonly signal: AbortSignal;
  /** Adds a line to `events.jsonl`; `time` is filled in. */
  emit(event: Omit<TrialEvent, 'time'>): void;
  /** Adds a line to `log.txt`. */
  log(line: string): void;
  /**
   * Saves a checkpoint as a whole: `write` fills a folder that takes its place once it is complete. Emit what belongs to
   * the step before (its evaluation too): an attempt that resumes knows the events up to here and no others.
   */
  saveCheckpoint(step: number, write: (folder: string) => Promise<void> | void): Promise<void>;
}

/** What a trial that came to its end has to say. */
export interface TrialOutcome {
  readonly metrics: Readonly<Record<string, number>>;
  /** Share of tokens per expert, [L][E]. */
  readonly load?: number[][];
  readonly classes?: ClassScore[];
  /** The code that made it. */
  readonly code?: TrialCode;
}

/** Runs one trial. Given the same config it must give the same outcome, also from a checkpoint. */
export type TrialExecutor = (attempt: TrialAttempt) => Promise<TrialOutcome>;

/** Thrown by an executor for what is the trial's own fault and would come again: it diverged, its sizes do not fit. */
export class TrialError extends Error {
  override readonly name = 'TrialError';
}

/** Thrown by an executor when the machine failed, not the trial: it is tried again. */
export class InfrastructureError extends Error {
  override readonly name = 'InfrastructureError';
}

/** Why an attempt was asked to end early; the reason of its signal. */
export class AttemptStopped extends Error {
  override readonly name = 'AttemptStopped';

  /** @param cause `stop`: the user or the machine; `rung`: early stopping compares arms here; `time`: over its limit */
  constructor(readonly why: 'stop' | 'rung' | 'time') {
    super(`stopped: ${why}`);
  }
}
