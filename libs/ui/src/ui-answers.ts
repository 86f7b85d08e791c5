import type { TrialState } from '@gmoe/experiment';

/** What the page asks for, as JSON. Everything is read from the stores at the moment of asking. */
export interface SweepEntry {
  /** Its folder, below the folder that is served. */
  readonly path: string;
  readonly name: string;
  readonly trials: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly problem?: string;
}

export interface TrialEntry {
  readonly hash: string;
  readonly group: string;
  readonly seed: number;
  readonly state: TrialState | 'checkpoint';
  readonly step: number | null;
  readonly steps: number | null;
  readonly problem?: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number | null;
  /** Whether its process runs on this machine, so that it can be stopped from here. */
  readonly here: boolean;
}

export interface SweepAnswer {
  readonly path: string;
  readonly name: string;
  readonly arms: readonly { readonly group: string; readonly name: string; readonly stopped?: string }[];
  readonly trials: readonly TrialEntry[];
  readonly secondsLeft: number | null;
}

/** New lines of a trial's events since an offset. */
export interface CurveAnswer {
  readonly attempt: string | null;
  readonly offset: number;
  /** Steps and values by metric. */
  readonly points: Readonly<Record<string, readonly (readonly [step: number, value: number])[]>>;
}

export interface LogAnswer {
  readonly text: string;
}
