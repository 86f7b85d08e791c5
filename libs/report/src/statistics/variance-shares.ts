import { mean } from './describe.js';

export interface AxisShare {
  readonly axis: string;
  readonly levels: number;
  /** Share of the total variance between the means of this axis' values (eta squared). */
  readonly share: number;
  /** The same less what chance alone gives (omega squared); at least 0. Undefined without repeated seeds. */
  readonly corrected: number | undefined;
}

export interface VarianceShares {
  readonly axes: readonly AxisShare[];
  /** What arms differ by beyond the sum of their axes; undefined if the grid is not balanced. */
  readonly interactions: number | undefined;
  /** Variance between seeds of one arm. */
  readonly seeds: number;
  /** Whether every combination of axis values has equally many values: only then do the shares add up. */
  readonly balanced: boolean;
}

/**
 * How much of the variance over all trials each axis accounts for: the main effects of a functional ANOVA.
 * `SS_axis / SS_total`, `SS_axis = sum over its values of count * (mean - grand mean)^2`.
 * Source: Hutter, Hoos and Leyton-Brown, ICML 2014 (functional ANOVA of hyper-parameters); omega squared after Hays.
 */
export function varianceShares(
  trials: readonly { readonly axes: Readonly<Record<string, string>>; readonly value: number }[],
): VarianceShares | undefined {
  const total = sumBetween(trials.map((trial, i) => [String(i), trial.value]));
  if (!(total > 0)) return undefined;
  const names = [...new Set(trials.flatMap((trial) => Object.keys(trial.axes)))];
  const levelsOf = new Map(names.map((name) => [name, new Set(trials.map((t) => t.axes[name] ?? ''))]));
  const varied = names.filter((name) => levelsOf.get(name)!.size > 1);
  const cell = (trial: (typeof trials)[number]) => JSON.stringify(varied.map((name) => trial.axes[name] ?? ''));
  const cells = groupMeans(trials.map((trial) => [cell(trial), trial.value]));
  const between = sumBetween(trials.map((trial) => [cell(trial), trial.value]));
  const within = Math.max(0, total - between);
  const dfWithin = trials.length - cells.size;
  const noise = dfWithin > 0 ? within / dfWithin : undefined;
  const axes = varied.map((axis): AxisShare => {
    const squares = sumBetween(trials.map((trial) => [trial.axes[axis] ?? '', trial.value]));
    const levels = levelsOf.get(axis)!.size;
    const corrected = noise === undefined ? undefined : Math.max(0, (squares - (levels - 1) * noise) / (total + noise));
    return { axis, levels, share: squares / total, corrected };
  });
  const product = varied.reduce((count, name) => count * levelsOf.get(name)!.size, 1);
  const counts = new Set([...cells.values()].map(({ count }) => count));
  const balanced = cells.size === product && counts.size === 1;
  const main = axes.reduce((sum, { share }) => sum + share, 0);
  return {
    axes: axes.sort((a, b) => b.share - a.share),
    interactions: balanced ? Math.max(0, between / total - main) : undefined,
    seeds: within / total,
    balanced,
  };
}

function groupMeans(pairs: readonly (readonly [string, number])[]): Map<string, { count: number; mean: number }> {
  const groups = new Map<string, number[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return new Map([...groups].map(([key, values]) => [key, { count: values.length, mean: mean(values) }]));
}

function sumBetween(pairs: readonly (readonly [string, number])[]): number {
  const grand = mean(pairs.map(([, value]) => value));
  let sum = 0;
  for (const { count, mean: centre } of groupMeans(pairs).values()) sum += count * (centre - grand) ** 2;
  return sum;
}
