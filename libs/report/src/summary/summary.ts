import type { Json } from '@gmoe/core';
import type { ArmStop } from '@gmoe/experiment';
import type {
  ExactTest,
  Interval,
  McNemarTest,
  PairedBootstrap,
  Reliability,
  WilcoxonTest,
} from '../statistics/index.js';
import type { AxisShare } from '../statistics/index.js';
import type { AxisEffect } from './axis-effects.js';
import type { MetricDefinition } from './metric-catalog.js';
import type { RoutingSummary } from './routing.js';
import type { Provenance } from '../results/sweep-results.js';

/** One metric of one arm over its seeds. `null`: cannot be had from so few values. */
export interface Estimate {
  readonly n: number;
  readonly mean: number;
  readonly std: number | null;
  /** Student's t interval of the mean. */
  readonly interval: Interval | null;
  /** Chi-square interval of the standard deviation. */
  readonly stdInterval: Interval | null;
  /** BCa bootstrap interval of the mean, from five values on. */
  readonly bootstrap: Interval | null;
  readonly values: readonly { readonly seed: number; readonly value: number }[];
}

/** Mean load of an arm. */
export interface LoadSummary {
  /** [L][E]: mean share of the layer's assignments. With several seeds the experts of a layer are first sorted by load, busiest first. */
  readonly share: readonly (readonly number[])[];
  /** Whether experts were sorted, because expert 3 of one seed is not expert 3 of another. */
  readonly sorted: boolean;
}

export interface ArmSummary {
  readonly arm: string;
  readonly group: string;
  readonly axes: Readonly<Record<string, Json>>;
  /** Task and base of this arm, where the sweep varies them: only arms of one context are compared. */
  readonly context: string;
  readonly trials: { readonly finished: number; readonly failed: number; readonly missing: number };
  /** By metric id; `primary` of the summary names the one that is compared. Metrics nobody reported are absent. */
  readonly metrics: Readonly<Record<string, Estimate>>;
  readonly best: boolean;
  readonly load: LoadSummary | null;
  readonly routing: RoutingSummary | null;
  /** Mean share of test examples that two seeds answer alike. */
  readonly agreement: number | null;
  readonly calibration: Reliability | null;
}

/** `suggestive`: beyond noise taken alone, not after the correction for several comparisons. */
export type Verdict = 'better' | 'worse' | 'suggestive' | 'no evidence' | 'too few seeds';

export interface Comparison {
  readonly arm: string;
  readonly reference: string;
  readonly context: string;
  /** Seeds that both have. */
  readonly seeds: readonly number[];
  /** Arm minus reference. */
  readonly difference: number | null;
  readonly std: number | null;
  readonly interval: Interval | null;
  /** Paired t test; the sign test where the differences have no spread. */
  readonly p: number | null;
  /** After Holm's correction over the comparisons of this context. */
  readonly pHolm: number | null;
  readonly test: 'paired t' | 'sign' | null;
  readonly sign: ExactTest | null;
  readonly wilcoxon: WilcoxonTest | null;
  /** On the same test examples; null without predictions. */
  readonly examples: ExampleComparison | null;
  readonly effect: {
    readonly cohensDz: number | null;
    readonly hedgesG: number | null;
    readonly probabilityOfSuperiority: number | null;
  };
  /** Seeds for 80 % power if the true effect were the observed one. */
  readonly seedsNeeded: number | null;
  /** Smallest true difference seen with 80 % power by this many seeds, at the observed spread. */
  readonly detectableDifference: number | null;
  readonly verdict: Verdict;
  readonly wording: string;
}

export interface ExampleComparison {
  readonly bootstrap: PairedBootstrap;
  /** One test per seed: pooling seeds would count an example several times. */
  readonly mcNemar: readonly (McNemarTest & { readonly seed: number })[];
}

export interface BaselineSummary {
  readonly context: string;
  readonly label: string;
  readonly value: number;
  readonly kind: 'base' | 'chance' | 'majority';
}

export interface FailureSummary {
  readonly arm: string;
  readonly seed: number;
  readonly hash: string;
  readonly kind: string;
  readonly message: string;
  readonly attempts: number;
}

export interface ImportanceSummary {
  readonly context: string;
  readonly axes: readonly AxisShare[];
  readonly interactions: number | null;
  readonly seeds: number | null;
  readonly balanced: boolean;
}

/** Every number of a report, from which terminal table, HTML, LaTeX and MLflow are made. Plain JSON. */
export interface SweepSummary {
  readonly formatVersion: 1;
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: number | null;
  readonly primary: MetricDefinition;
  readonly level: number;
  readonly seeds: readonly number[];
  readonly contexts: readonly string[];
  readonly trials: {
    readonly total: number;
    readonly finished: number;
    readonly failed: number;
    readonly missing: number;
  };
  readonly arms: readonly ArmSummary[];
  readonly baselines: readonly BaselineSummary[];
  readonly comparisons: readonly Comparison[];
  /** What each value of an axis does, averaged over the other axes; only for grids. */
  readonly effects: readonly AxisEffect[];
  readonly importance: readonly ImportanceSummary[];
  readonly failures: readonly FailureSummary[];
  /** Arms that early stopping ended; they have no final value. */
  readonly stops: readonly ArmStop[];
  /** Who won, by how much, and whether it is beyond noise: one paragraph per context. */
  readonly headline: readonly string[];
  /** What a reader must know before quoting a number. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly provenance: Provenance;
}
