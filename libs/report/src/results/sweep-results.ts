import type {
  ArmStop,
  Baseline,
  PlannedTrial,
  Prediction,
  RoutingRecord,
  TrialEvent,
  TrialResult,
} from '@gmoe/experiment';

/** A trial of a sweep with what is on disk of it. */
export interface TrialRecord {
  readonly trial: PlannedTrial;
  /** `missing`: no result was published; it waits, runs, or was lost. */
  readonly state: 'finished' | 'failed' | 'missing';
  readonly result?: TrialResult;
  /** Resolved config, as in `config.json`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly events: readonly TrialEvent[];
  readonly predictions: readonly Prediction[];
  /** What the mixture layers did with the test examples, if the attempt left `routing.json`. */
  readonly routing?: RoutingRecord;
}

/** How the sweep was made: what a reader needs to run it again. */
export interface Provenance {
  readonly command?: string;
  readonly commit?: string;
  /** Text of the sweep file. */
  readonly spec?: string;
  readonly versions?: Readonly<Record<string, string>>;
}

/** Everything of one sweep, as read from its folder. */
export interface SweepResults {
  readonly directory: string;
  readonly name: string;
  readonly description?: string;
  /** Milliseconds since 1970. */
  readonly createdAt?: number;
  readonly trials: readonly TrialRecord[];
  readonly baselines: readonly Baseline[];
  /** Arms that early stopping ended, and by which rule. */
  readonly stops: readonly ArmStop[];
  readonly provenance: Provenance;
  /** What could not be read, one line each: damaged lines, missing files. Nothing of it stops the report. */
  readonly warnings: readonly string[];
  /** What whoever loaded them adds, e.g. that code has changed since; they come first among the notes. */
  readonly remarks?: readonly string[];
}
