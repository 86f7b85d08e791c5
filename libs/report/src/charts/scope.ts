import type { ArmSummary, SweepSummary } from '../summary/index.js';
import { armColours, type ArmColours } from './arm-colours.js';

/** What a chart is drawn of: one context of a sweep, and of its arms those that are switched on. */
export interface ChartScope {
  readonly summary: SweepSummary;
  readonly context: string;
  /** Arms of the context that are switched on, in the order to draw them in. */
  readonly arms: readonly ArmSummary[];
  readonly colours: ArmColours;
}

/** @param shown the arms that are switched on; default: all of the context */
export function chartScope(
  summary: SweepSummary,
  context: string,
  shown: readonly ArmSummary[] = summary.arms,
  colours: ArmColours = armColours(summary.arms.filter((arm) => arm.context === context)),
): ChartScope {
  return { summary, context, arms: shown.filter((arm) => arm.context === context), colours };
}

/** Name of the arm that the others are compared with. */
export function referenceOf({ summary, context }: ChartScope): string | undefined {
  return summary.comparisons.find((comparison) => comparison.context === context)?.reference;
}

/** Number of the context, which makes ids of charts unique. */
export function contextId({ summary, context }: ChartScope): number {
  return summary.contexts.indexOf(context);
}

/** `, CONTEXT` for titles, where a sweep has several. */
export function inContext({ context }: ChartScope): string {
  return context === '' ? '' : `, ${context}`;
}
