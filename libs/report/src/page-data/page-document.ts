import type { SweepSummary } from '../summary/index.js';

/** Everything that the page's program draws from, embedded in the page as JSON. Numbers in bulk are base64 of little-endian arrays. */
export interface PageDocument {
  readonly formatVersion: 1;
  readonly summary: SweepSummary;
  readonly trials: readonly PageTrial[];
  readonly curves: PageCurves;
  readonly examples: PageExamples | null;
  readonly routing: readonly PageRouting[];
  /** What was left out to keep the page small, one sentence each. */
  readonly leftOut: readonly string[];
}

export interface PageTrial {
  readonly group: string;
  readonly seed: number;
  readonly state: 'finished' | 'failed' | 'missing';
}

/** What was logged in training, averaged within windows of steps. */
export interface PageCurves {
  readonly metrics: readonly string[];
  /** Last steps of the windows, each list base64 of Uint32. */
  readonly grids: readonly string[];
  /** Trial, metric and grid of each curve. */
  readonly index: readonly (readonly [trial: number, metric: number, grid: number])[];
  /** Values of all curves, one after the other: base64 of Float32. */
  readonly values: string;
}

export interface PageExamples {
  readonly ids: readonly string[];
  readonly gold: readonly number[];
  readonly domains: readonly string[] | null;
  /** By example; null where the texts were not at hand. */
  readonly questions: readonly (PageQuestion | null)[] | null;
  readonly answers: readonly PageAnswers[];
}

export interface PageQuestion {
  readonly prompt: string;
  readonly options: readonly string[];
}

export interface PageAnswers {
  readonly trial: number;
  /** Chosen option by example, 65535 where the trial lacks it: base64 of Uint16. */
  readonly predicted: string;
  /** Whether it was right: base64 of Uint8. */
  readonly correct: string;
  /** Scores [example][option]: base64 of Float32, NaN where there is none; null where they were left out. */
  readonly scores: string | null;
  /** Options that each example has room for in `scores`. */
  readonly options: number;
  /** What the model wrote, where answers were generated. */
  readonly texts: readonly string[] | null;
}

/** Routing of one trial. */
export interface PageRouting {
  readonly trial: number;
  readonly layers: number;
  readonly experts: number;
  /** Steps of the records in training. */
  readonly steps: readonly number[];
  /** Share of a layer's assignments [steps][L][E], 65535 for 1: base64 of Uint16. */
  readonly load: string;
  /** On the test set, by layer; null where the attempt left no `routing.json`. */
  readonly test: readonly PageLayerRouting[] | null;
  readonly domains: readonly string[];
}

export interface PageLayerRouting {
  readonly load: readonly number[];
  /** Shares of the experts within each domain, [domains][E]. */
  readonly byDomain: readonly (readonly number[])[];
  /** Share of tokens whose selected experts hold both, [E][E]. */
  readonly together: readonly (readonly number[])[];
  readonly edges: readonly (readonly number[])[] | null;
}
