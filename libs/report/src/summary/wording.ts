import { largest, smallest } from '@gmoe/core/extremes';
import { smallestSignP } from '../statistics/index.js';
import type { MetricDefinition } from './metric-catalog.js';
import { differenceUnit, formatDifference, formatInterval, formatP, formatValue, formatWithUnit } from './numbers.js';
import type { AxisEffect } from './axis-effects.js';
import type { ArmSummary, BaselineSummary, Comparison } from './summary.js';

type Judged = Omit<Comparison, 'wording'>;

/** One sentence on a comparison that claims no more than the numbers hold. */
export function comparisonWording(comparison: Judged, metric: MetricDefinition, comparisons: number): string {
  const { difference, interval, seeds, pHolm, verdict, reference, detectableDifference, examples } = comparison;
  const unit = metric.unit;
  const n = seeds.length;
  if (difference === null) return `shares no finished seed with ${reference}: nothing to compare`;
  const size = `${formatDifference(difference, unit)}${differenceUnit(unit)}`;
  if (pHolm === null || comparison.p === null) {
    return `${size} on ${counted(n, 'seed')}: no statement about chance is possible; run at least 3 seeds`;
  }
  const range = interval ? ` ${formatInterval(interval, unit, true)}` : '';
  const corrected = comparisons > 1 ? ` after Holm’s correction over ${comparisons} comparisons` : '';
  const head = `${size}${range} over ${n} seeds, p ${equals(pHolm)}${corrected}`;
  if (verdict === 'suggestive') {
    return (
      `${size}${range} over ${n} seeds: suggestive, not shown – p ${equals(comparison.p)} taken alone, but ` +
      `${formatP(pHolm)}${corrected}; more seeds would settle it`
    );
  }
  if (verdict === 'no evidence') {
    const blind =
      detectableDifference === null
        ? 'the differences have no spread, so only the signs count'
        : `with ${n} seeds and this spread, true differences below about ${formatValue(detectableDifference, unit)}${differenceUnit(unit)} mostly go unseen`;
    return `${head}: no evidence of a difference, which is not evidence that they are equal (${blind})`;
  }
  const bootstrap = examples?.bootstrap.interval;
  const fragile =
    bootstrap && bootstrap.low <= 0 && bootstrap.high >= 0
      ? '; but another test set of this size could undo it (bootstrap over seeds and examples ' +
        `${formatInterval(bootstrap, unit, true)} holds 0)`
      : '';
  return `${head}: evidence that it is ${verdict} than ${reference}${fragile}`;
}

/** Who has the best mean, how far from the reference, and whether that is beyond noise; one paragraph. */
export function headline(
  arms: readonly ArmSummary[],
  comparisons: readonly Comparison[],
  effects: readonly AxisEffect[],
  baselines: readonly BaselineSummary[],
  metric: MetricDefinition,
  context: string,
): string {
  const prefix = context === '' ? '' : `${context}: `;
  /** A sentence of its own, or the rest of one that the context begins. */
  const [no, all] = context === '' ? ['No', 'All'] : ['no', 'all'];
  const best = arms.find((arm) => arm.best);
  const estimate = best?.metrics[metric.id];
  if (!best || !estimate) return `${prefix}${no} arm has a finished trial with ${metric.label.toLowerCase()}.`;
  const spread = estimate.std === null ? '' : ` ± ${formatValue(estimate.std, metric.unit)}`;
  const value = `${formatValue(estimate.mean, metric.unit)}${spread}${metric.unit === 'percent' ? ' %' : ''}`;
  const extreme = metric.better === 'lower' ? 'lowest' : 'highest';
  const seeds = estimate.n === 1 ? 'one seed' : `mean ± standard deviation of ${estimate.n} seeds`;
  const means = arms.flatMap((arm) => arm.metrics[metric.id]?.mean ?? []);
  if (means.length > 1 && means.every((mean) => mean === means[0])) {
    return `${prefix}${all} ${means.length} arms have the same mean ${metric.label.toLowerCase()}: ${value}.`;
  }
  const lead = `${best.arm} has the ${extreme} mean ${metric.label.toLowerCase()}: ${value} (${seeds})`;
  return `${prefix}${[lead + beyondNoise(best, arms, comparisons, metric), ...shownEffects(effects, metric), ...aboveBaselines(arms, baselines, metric)].join(' ')}`;
}

function beyondNoise(
  best: ArmSummary,
  arms: readonly ArmSummary[],
  comparisons: readonly Comparison[],
  metric: MetricDefinition,
): string {
  if (arms.length === 1) return '; there is no other arm to compare it with.';
  const own = comparisons.find(({ arm }) => arm === best.arm);
  if (own) return `. Against the reference ${own.reference}: ${own.wording}.`;
  const sign = metric.better === 'lower' ? 1 : -1;
  const runnerUp = [...comparisons]
    .filter(({ difference }) => difference !== null)
    .sort((a, b) => sign * (a.difference! - b.difference!))[0];
  const seen = comparisons.filter(({ verdict }) => verdict === 'worse').length;
  return (
    `. It is the reference itself: ${seen} of ${comparisons.length} other arms are shown to be worse.` +
    (runnerUp ? ` The nearest, ${runnerUp.arm}: ${runnerUp.wording}.` : '')
  );
}

/** The axes whose effect is beyond noise, in a sentence each. */
function shownEffects(effects: readonly AxisEffect[], metric: MetricDefinition): string[] {
  return effects
    .filter(({ verdict }) => verdict === 'better' || verdict === 'worse')
    .map(({ axis, value, reference, difference, interval, settings, seeds, pHolm }) => {
      const size = `${formatDifference(difference, metric.unit)}${differenceUnit(metric.unit)}`;
      const range = interval ? ` ${formatInterval(interval, metric.unit, true)}` : '';
      return (
        `Averaged over ${settings} settings of the rest, ${axis} ${value} rather than ${reference} gives ${size}${range} ` +
        `over ${seeds.length} seeds, p ${equals(pHolm!)} after Holm’s correction over ${effects.length} effects.`
      );
    });
}

function aboveBaselines(
  arms: readonly ArmSummary[],
  baselines: readonly BaselineSummary[],
  metric: MetricDefinition,
): string[] {
  if (baselines.length === 0 || metric.better === 'neither') return [];
  const names = baselines.map(
    (b) => `${b.kind === 'chance' ? '' : 'the '}${b.label} (${formatWithUnit(b.value, metric.unit)})`,
  );
  const measured = arms.filter((arm) => arm.metrics[metric.id]);
  // Without a second seed there is no interval: then the means count.
  const intervals = measured.some((arm) => arm.metrics[metric.id]!.interval !== null);
  const above = measured.filter((arm) => {
    const { interval, mean } = arm.metrics[metric.id]!;
    const [low, high] = intervals ? [interval?.low ?? -Infinity, interval?.high ?? Infinity] : [mean, mean];
    return baselines.every(({ value }) => (metric.better === 'higher' ? low > value : high < value));
  }).length;
  const side = metric.better === 'higher' ? 'above' : 'below';
  const count = above === measured.length ? `All ${above}` : `${above} of ${measured.length}`;
  return [`${count} arms have their ${intervals ? 'whole interval' : 'mean'} ${side} ${listed(names)}.`];
}

/** What a reader must know before quoting a number. */
export function readingNotes(
  arms: readonly ArmSummary[],
  comparisons: readonly Comparison[],
  metric: MetricDefinition,
): string[] {
  const counts = arms.flatMap((arm) => arm.metrics[metric.id]?.n ?? []);
  if (counts.length === 0) return [];
  const fewest = smallest(counts);
  const notes: string[] = [];
  if (fewest === 1) notes.push('Some arms have one seed: they have no standard deviation, no interval and no test.');
  const pairs = largest(
    comparisons.map(({ seeds }) => seeds.length),
    0,
  );
  if (pairs >= 2 && smallestSignP(pairs) > 0.05) {
    notes.push(
      `With ${pairs} seeds neither a sign test nor a signed-rank test can go below p = ${trimmed(smallestSignP(pairs))}, ` +
        'however large the difference; only the t test can, and it leans on differences being about normal.',
    );
  }
  if (arms.length > 2) {
    notes.push(
      `The best of ${arms.length} arms looks better than it is, since luck helped choose it: ` +
        'confirm the winner on fresh seeds before quoting its lead.',
    );
  }
  if (new Set(counts).size > 1) {
    notes.push('Arms differ in the number of finished seeds; comparisons use the seeds that both arms have.');
  }
  notes.push(
    'Intervals of means and the tests are over seeds (initialisation, data order, routing graph) on one fixed test set; ' +
      'the bootstrap over seeds and examples also lets the test set vary.',
  );
  return notes;
}

function equals(p: number): string {
  const text = formatP(p);
  return text.startsWith('<') ? text : `= ${text}`;
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function counted(n: number, noun: string): string {
  return n === 1 ? `one ${noun}` : `${n} ${noun}s`;
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
}
