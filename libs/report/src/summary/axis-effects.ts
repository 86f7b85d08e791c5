import { holm, mean, pairedTTest, signTest } from '../statistics/index.js';
import { axisValue, treatmentAxes, type Arm } from './arms.js';
import type { MetricDefinition } from './metric-catalog.js';
import { metricValue } from './metric-values.js';
import { judge, type Judgement } from './verdict.js';

/** What one value of an axis does against another, averaged over the settings of all other axes. */
export interface AxisEffect {
  readonly context: string;
  readonly axis: string;
  readonly value: string;
  readonly reference: string;
  /** Settings of the other axes that have both values. */
  readonly settings: number;
  readonly seeds: readonly number[];
  readonly difference: number;
  readonly interval: Judgement['interval'];
  readonly p: number | null;
  readonly pHolm: number | null;
  readonly verdict: Judgement['verdict'];
}

/**
 * Main effects of the axes of a grid. The unit is the seed: its differences over all settings are averaged first, since
 * arms of one seed share initialisation and data order. An effect needs at least two settings, else it is a comparison
 * of two arms; seeds that lack a trial of any setting are left out.
 */
export function axisEffects(
  arms: readonly Arm[],
  reference: Arm,
  primary: MetricDefinition,
  level: number,
): AxisEffect[] {
  const axes = [...new Set(arms.flatMap((arm) => Object.keys(treatmentAxes(arm.axes))))];
  const drafts = axes.flatMap((axis) => {
    const base = reference.axes[axis];
    if (base === undefined) return [];
    const others = [...new Set(arms.map((arm) => axisValue(arm.axes[axis] ?? null)))];
    return others
      .filter((value) => value !== axisValue(base))
      .flatMap((value) => {
        const pairs = pairedSettings(arms, axis, value, axisValue(base));
        const { seeds, differences } = bySeed(pairs, primary);
        if (pairs.length < 2 || differences.length === 0) return [];
        const settings = pairs.length;
        return [{ context: reference.context, axis, value, reference: axisValue(base), settings, seeds, differences }];
      });
  });
  const judged = drafts.map(({ differences }) =>
    judge(differences, pairedTTest(differences, level), signTest(differences)),
  );
  const adjusted = holm(judged.map(({ p }) => p ?? undefined));
  return drafts.map(({ differences, ...draft }, i) => {
    const { interval, p, verdict } = judged[i]!.corrected(adjusted[i] ?? null, 1 - level, primary);
    return { ...draft, difference: mean(differences), interval, p, pHolm: adjusted[i] ?? null, verdict };
  });
}

function pairedSettings(arms: readonly Arm[], axis: string, value: string, base: string): [Arm, Arm][] {
  const setting = (arm: Arm) =>
    JSON.stringify(
      Object.entries(treatmentAxes(arm.axes))
        .filter(([name]) => name !== axis)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  const bases = new Map(
    arms.filter((arm) => axisValue(arm.axes[axis] ?? null) === base).map((arm) => [setting(arm), arm]),
  );
  return arms
    .filter((arm) => axisValue(arm.axes[axis] ?? null) === value)
    .flatMap((arm): [Arm, Arm][] => {
      const other = bases.get(setting(arm));
      return other ? [[arm, other]] : [];
    });
}

function bySeed(
  pairs: readonly (readonly [Arm, Arm])[],
  primary: MetricDefinition,
): { seeds: number[]; differences: number[] } {
  const valueOf = (arm: Arm, seed: number) => {
    const record = arm.records.find(({ trial }) => trial.seed === seed);
    return record === undefined ? undefined : metricValue(record, primary);
  };
  const all = [...new Set(pairs.flatMap(([arm]) => arm.records.map(({ trial }) => trial.seed)))].sort((a, b) => a - b);
  const complete = all.flatMap((seed) => {
    const differences = pairs.map(([arm, base]) => (valueOf(arm, seed) ?? NaN) - (valueOf(base, seed) ?? NaN));
    return differences.every(Number.isFinite) ? [{ seed, difference: mean(differences) }] : [];
  });
  return { seeds: complete.map(({ seed }) => seed), differences: complete.map(({ difference }) => difference) };
}
