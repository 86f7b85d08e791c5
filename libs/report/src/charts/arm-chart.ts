import { formatCount, formatValue, unitLabel } from '../summary/numbers.js';
import type { ArmSummary, Estimate } from '../summary/index.js';
import { boundsOf, niceRange, valueAxis } from './axes.js';
import { armRows } from './arm-rows.js';
import { bestArms, MOST_ROWS } from './best-arms.js';
import type { Figure } from './figure.js';
import { baselineMarks, drawnInterval, intervalSeries, TWO_SEEDS, type IntervalRow } from './interval-rows.js';
import { contextId, inContext, type ChartScope } from './scope.js';

/** The compared metric per arm: every seed, mean and interval, with the untrained base and chance. */
export function armChart(scope: ChartScope, most = MOST_ROWS): Figure | undefined {
  const { summary, context, colours } = scope;
  const { primary, level } = summary;
  const scale = primary.unit === 'percent' ? 100 : 1;
  const measured = { ...scope, arms: scope.arms.filter((arm) => arm.metrics[primary.id]) };
  const { arms, caption } = bestArms(measured, most);
  if (arms.length === 0) return undefined;
  const estimates = arms.map((arm) => arm.metrics[primary.id]!);
  const lines = summary.baselines
    .filter((baseline) => baseline.context === context)
    .map(({ label, value }) => ({ name: `${label} ${formatValue(value, primary.unit)}`, x: scale * value }))
    .sort((a, b) => a.x - b.x);
  const unit = unitLabel(primary.unit);
  const best = arms.find((arm) => arm.best);
  const two = estimates.some(({ n, interval }) => n === 2 && interval);
  return {
    id: `arms-${contextId(scope)}`,
    title: `${primary.label} per arm${inContext(scope)}`,
    caption:
      `Rings: single seeds. Diamonds: means. Whiskers: ${+(100 * level).toFixed(1)} % t intervals of the mean` +
      (lines.length > 0 ? '. Dashed: without training; what lies outside is named at the margin.' : '.') +
      (two ? TWO_SEEDS : '') +
      caption +
      colours.caption,
    alt: `${primary.label} of ${arms.length} arms with their seeds${best ? `; highest mean: ${best.arm}` : ''}.`,
    draw: (canvas) => {
      const { width, narrow } = canvas;
      const names = armRows(
        arms.map(({ arm }) => arm),
        canvas,
        narrow ? 38 : 34,
      );
      const rows = arms.map((arm, i): IntervalRow => {
        const { mean, values } = estimates[i]!;
        const interval = drawnInterval(estimates[i]!);
        return {
          y: names.centres[i]!,
          colour: colours.of(arm),
          mean: scale * mean,
          low: interval ? scale * interval.low : undefined,
          high: interval ? scale * interval.high : undefined,
          values: values.map(({ seed, value }) => ({ seed, value: scale * value })),
          tip: armTip(arm, estimates[i]!, scope),
        };
      });
      const range = niceRange(
        rows.flatMap(({ mean, low, high, values }) => [
          mean,
          low ?? mean,
          high ?? mean,
          ...values.map(({ value }) => value),
        ]),
        narrow ? 4 : 8,
        boundsOf(primary.unit),
      );
      const left = names.left + 14;
      const across = width - left - (narrow ? 20 : 28);
      const marks = baselineMarks(lines, range, left, across, canvas);
      return {
        height: marks.height + names.height + 52,
        option: {
          grid: { left, width: across, top: marks.height, height: names.height },
          xAxis: valueAxis(`${primary.label}${unit ? ` (${unit})` : ''}`, { ...range }),
          yAxis: names.axis,
          graphic: marks.graphic,
          series: [...intervalSeries(rows), ...marks.series],
        },
      };
    },
  };
}

/** What hovering over an arm tells. */
export function armTip(arm: ArmSummary, estimate: Estimate, { summary }: ChartScope): string {
  const { unit, label } = summary.primary;
  const { mean, std, n, interval, values } = estimate;
  const show = (value: number) => formatValue(value, unit);
  const parameters = arm.metrics['trainableParameters'];
  return [
    arm.arm,
    `${label} ${show(mean)}${std === null ? '' : ` ± ${show(std)}`} (${n} ${n === 1 ? 'seed' : 'seeds'})`,
    ...(interval ? [`interval [${show(interval.low)}, ${show(interval.high)}]`] : []),
    `seeds ${values.map(({ seed, value }) => `${seed}: ${show(value)}`).join(', ')}`,
    ...(parameters ? [`${formatCount(parameters.mean)} trainable parameters`] : []),
  ].join('\n');
}
