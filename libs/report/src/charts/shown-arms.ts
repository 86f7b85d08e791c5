import type { ArmSummary, SweepSummary } from '../summary/index.js';

/** More small panels than this cannot be taken in, and weigh megabytes. */
const MOST_PANELS = 24;

/** Arms that get a panel of their own: all of them, or of many the reference and the best, in the order of the sweep. */
export function shownArms(
  summary: SweepSummary,
  context: string,
): { readonly groups: ReadonlySet<string>; readonly caption: string } {
  const { primary, comparisons } = summary;
  const arms = summary.arms.filter((arm) => arm.context === context);
  if (arms.length <= MOST_PANELS) return { groups: new Set(arms.map(({ group }) => group)), caption: '' };
  const reference = comparisons.find((comparison) => comparison.context === context)?.reference;
  const sign = primary.better === 'lower' ? -1 : 1;
  const score = (arm: ArmSummary) =>
    arm.arm === reference ? Infinity : sign * (arm.metrics[primary.id]?.mean ?? -sign * Infinity);
  const chosen = [...arms].sort((a, b) => score(b) - score(a)).slice(0, MOST_PANELS);
  return {
    groups: new Set(chosen.map(({ group }) => group)),
    caption: ` Shown: the reference and the best ${MOST_PANELS - 1} of ${arms.length} arms.`,
  };
}
