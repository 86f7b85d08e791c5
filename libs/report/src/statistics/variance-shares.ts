import { mean } from './describe.js';

/** One trial: what it sets, numbers as numbers, and what came of it. */
export interface VarianceTrial {
  readonly axes: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface AxisShare {
  readonly axis: string;
  /** Values that are told apart; classes of them if the axis was drawn. */
  readonly levels: number;
  /** Whether its values were drawn, so that neighbours by rank form a class. */
  readonly drawn: boolean;
  /** Share of the total variance between the means of this axis' values (eta squared). */
  readonly share: number;
  /** The same less what chance alone gives (omega squared); at least 0. Undefined where nothing tells chance. */
  readonly corrected: number | undefined;
}

export interface VarianceShares {
  readonly axes: readonly AxisShare[];
  /** What arms differ by beyond the sum of their axes; undefined if the grid is not balanced. */
  readonly interactions: number | undefined;
  /** Variance between seeds of one arm; undefined where no arm has two. */
  readonly seeds: number | undefined;
  /** Whether every combination of axis values has equally many values: only then do the shares add up. */
  readonly balanced: boolean;
}

/**
 * How much of the variance over all trials each axis accounts for: the main effects of a functional ANOVA.
 * `SS_axis / SS_total`, `SS_axis = sum over its values of count * (mean - grand mean)^2`.
 *
 * A numeric axis that was drawn (random or quasi-random search) has a value of its own in nearly every arm; each value a level would
 * give any axis the whole variance. Its values are put into classes of equal count by rank instead: Pearson's correlation ratio from
 * given data, the same for an axis and its logarithm.
 * Sources: Hutter, Hoos and Leyton-Brown, ICML 2014 (functional ANOVA of hyper-parameters); omega squared after Hays; Plischke,
 * Borgonovo and Smith, European Journal of Operational Research 226, 2013 (classes for drawn inputs).
 */
export function varianceShares(trials: readonly VarianceTrial[]): VarianceShares | undefined {
  const total = sumBetween(trials.map((trial, i) => [String(i), trial.value]));
  if (!(total > 0)) return undefined;
  const names = [...new Set(trials.flatMap((trial) => Object.keys(trial.axes)))];
  const levelsOf = new Map(names.map((name) => [name, new Set(trials.map((t) => t.axes[name] ?? ''))]));
  const varied = names.filter((name) => levelsOf.get(name)!.size > 1);
  const cell = (trial: VarianceTrial) => JSON.stringify(varied.map((name) => trial.axes[name] ?? ''));
  const cells = groupMeans(trials.map((trial) => [cell(trial), trial.value]));
  const between = sumBetween(trials.map((trial) => [cell(trial), trial.value]));
  const within = Math.max(0, total - between);
  const dfWithin = trials.length - cells.size;
  const product = varied.reduce((count, name) => count * levelsOf.get(name)!.size, 1);
  const counts = new Set([...cells.values()].map(({ count }) => count));
  const balanced = cells.size === product && counts.size === 1;
  const axes = varied.map((axis): AxisShare => {
    const levels = levelsOf.get(axis)!;
    const drawn = !balanced && isDrawn([...levels]);
    const classes = drawn ? rankClasses(levels as Set<number>, Math.floor(Math.sqrt(cells.size))) : undefined;
    const classOf = (trial: VarianceTrial) =>
      String(classes?.get(trial.axes[axis] as number) ?? trial.axes[axis] ?? '');
    const squares = sumBetween(trials.map((trial) => [classOf(trial), trial.value]));
    const count = classes === undefined ? levels.size : new Set(classes.values()).size;
    // Chance is judged by what differs between seeds; for classes, and without seeds, by what differs within a class.
    const bySeeds = !drawn && dfWithin > 0;
    const df = bySeeds ? dfWithin : trials.length - count;
    const noise = df > 0 ? (bySeeds ? within : total - squares) / df : undefined;
    const corrected = noise === undefined ? undefined : Math.max(0, (squares - (count - 1) * noise) / (total + noise));
    return { axis, levels: count, drawn, share: squares / total, corrected };
  });
  const main = axes.reduce((sum, { share }) => sum + share, 0);
  return {
    axes: axes.sort((a, b) => shownShare(b) - shownShare(a)),
    interactions: balanced ? Math.max(0, between / total - main) : undefined,
    seeds: dfWithin > 0 ? within / total : undefined,
    balanced,
  };
}

/** What is drawn and sorted by: of drawn axes the corrected share, since classes take some variance by chance. */
export function shownShare({ drawn, share, corrected }: AxisShare): number {
  return drawn ? (corrected ?? share) : share;
}

/** More numbers than a grid has, which does not hold all combinations. */
function isDrawn(levels: readonly (string | number)[]): boolean {
  return levels.length > 8 && levels.every((level) => typeof level === 'number');
}

/** The class of each value: neighbours by rank, in equal counts. */
function rankClasses(values: ReadonlySet<number>, count: number): Map<number, number> {
  const sorted = [...values].sort((a, b) => a - b);
  const classes = Math.max(2, Math.min(count, sorted.length >> 1));
  return new Map(sorted.map((value, rank) => [value, Math.floor((rank * classes) / sorted.length)]));
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
