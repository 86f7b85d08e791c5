import { formatValue, unitLabel } from '../summary/numbers.js';
import type { SweepSummary } from '../summary/index.js';
import { armColours } from './arm-colours.js';
import { armAxis, boundsOf, makeChart, niceRange, valueAxis, type Chart } from './chart.js';
import { intervalSeries, verticalLines, type IntervalRow } from './interval-rows.js';

/** The compared metric per arm: every seed, mean and interval, with the untrained base and chance. */
export function armChart(summary: SweepSummary, context: string): Chart | undefined {
  const { primary, level } = summary;
  const scale = primary.unit === 'percent' ? 100 : 1;
  const arms = summary.arms.filter((arm) => arm.context === context && arm.metrics[primary.id]);
  if (arms.length === 0) return undefined;
  const colours = armColours(arms);
  const rows = arms.map((arm): IntervalRow => {
    const score = arm.metrics[primary.id]!;
    return {
      name: arm.arm,
      colour: colours.of(arm),
      mean: scale * score.mean,
      low: score.interval ? scale * score.interval.low : undefined,
      high: score.interval ? scale * score.interval.high : undefined,
      values: score.values.map(({ value }) => scale * value),
    };
  });
  const lines = summary.baselines
    .filter((baseline) => baseline.context === context)
    .map(({ label, value }) => ({ name: `${label} ${formatValue(value, primary.unit)}`, x: scale * value }))
    .sort((a, b) => a.x - b.x);
  const unit = unitLabel(primary.unit);
  const name = `${primary.label}${unit ? ` (${unit})` : ''}`;
  const all = [
    ...rows.flatMap(({ mean, low, high, values }) => [
      mean,
      ...(low === undefined ? [] : [low]),
      ...(high === undefined ? [] : [high]),
      ...values,
    ]),
    ...lines.map(({ x }) => x),
  ];
  const best = arms.find((arm) => arm.best);
  return makeChart(
    {
      id: `arms-${summary.contexts.indexOf(context)}`,
      title: `${primary.label} per arm${context ? `, ${context}` : ''}`,
      caption:
        `Rings: single seeds. Diamonds: means. Whiskers: ${+(100 * level).toFixed(1)} % t intervals of the mean` +
        (lines.length > 0 ? '. Dashed: without training.' : '.') +
        colours.caption,
      alt: `${primary.label} of ${arms.length} arms with their seeds${best ? `; highest mean: ${best.arm}` : ''}.`,
    },
    ({ width, narrow }) => {
      const left = narrow ? 104 : 200;
      const top = 14 + 16 * Math.min(3, Math.max(1, lines.length));
      const row = narrow ? 38 : 34;
      return {
        height: top + row * rows.length + 56,
        option: {
          grid: { left: left + 12, right: narrow ? 14 : 24, top, bottom: 52, width: width - left - (narrow ? 26 : 36) },
          xAxis: valueAxis(name, niceRange(all, narrow ? 4 : 8, boundsOf(primary.unit))),
          yAxis: armAxis(
            rows.map((r) => r.name),
            left,
          ),
          series: [...intervalSeries(rows), ...(lines.length > 0 ? [verticalLines(lines, all)] : [])],
        },
      };
    },
  );
}
