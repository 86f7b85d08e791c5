import type { ArmSummary } from '../summary/index.js';
import { referenceOf, type ChartScope } from './scope.js';

/** More small panels than this cannot be taken in, and weigh megabytes. */
export const MOST_PANELS = 24;
/** More rows than this are a table's business. */
export const MOST_ROWS = 60;

/** Arms that are drawn one by one: all of them, or of many the reference and the best, in the order of the scope. */
export function bestArms(
  scope: ChartScope,
  most: number,
): { readonly arms: readonly ArmSummary[]; readonly caption: string } {
  const { primary } = scope.summary;
  if (scope.arms.length <= most) return { arms: scope.arms, caption: '' };
  const reference = referenceOf(scope);
  const sign = primary.better === 'lower' ? -1 : 1;
  const score = (arm: ArmSummary) =>
    arm.arm === reference ? Infinity : sign * (arm.metrics[primary.id]?.mean ?? -sign * Infinity);
  const chosen = new Set([...scope.arms].sort((a, b) => score(b) - score(a)).slice(0, most));
  return {
    arms: scope.arms.filter((arm) => chosen.has(arm)),
    caption: ` Shown: the reference and the best ${most - 1} of ${scope.arms.length} arms.`,
  };
}
