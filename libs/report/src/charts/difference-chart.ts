import { differenceUnit } from '../summary/numbers.js';
import type { SweepSummary } from '../summary/index.js';
import { armColours } from './arm-colours.js';
import { armAxis, makeChart, niceRange, valueAxis, type Chart } from './chart.js';
import { intervalSeries, verticalLines } from './interval-rows.js';
import { SURFACE } from './palette.js';

/** Ablation bars: how far each arm's mean lies from the reference arm's on shared seeds. */
export function differenceChart(summary: SweepSummary, context: string): Chart | undefined {
  const { primary, level } = summary;
  const scale = primary.unit === 'percent' ? 100 : 1;
  const compared = summary.comparisons.filter((c) => c.context === context && c.difference !== null);
  if (compared.length === 0) return undefined;
  const reference = compared[0]!.reference;
  const arms = summary.arms.filter((arm) => arm.context === context);
  const colours = armColours(arms);
  const colourOf = (name: string) => colours.of(arms.find(({ arm }) => arm === name)!);
  const rows = compared.map((c) => ({
    name: c.arm,
    colour: colourOf(c.arm),
    mean: scale * c.difference!,
    low: c.interval ? scale * c.interval.low : undefined,
    high: c.interval ? scale * c.interval.high : undefined,
    values: [],
  }));
  const unit = differenceUnit(primary.unit).trim();
  const all = [0, ...rows.flatMap(({ mean, low, high }) => [mean, low ?? mean, high ?? mean])];
  return makeChart(
    {
      id: `differences-${summary.contexts.indexOf(context)}`,
      title: `Difference from ${reference}`,
      caption:
        `Bars: mean difference on shared seeds. Whiskers: ${+(100 * level).toFixed(1)} % paired t intervals, not corrected ` +
        'for several comparisons; those that cross 0 leave the sign open.' +
        colours.caption,
      alt: `Difference in ${primary.label.toLowerCase()} of ${rows.length} arms from ${reference}.`,
    },
    ({ width, narrow }) => {
      const left = narrow ? 104 : 200;
      return {
        height: 30 + (narrow ? 38 : 34) * rows.length + 56,
        option: {
          grid: { left: left + 12, top: 30, bottom: 52, width: width - left - (narrow ? 26 : 36) },
          xAxis: valueAxis(`${primary.label}, difference${unit ? ` (${unit})` : ''}`, niceRange(all, narrow ? 4 : 8)),
          yAxis: armAxis(
            rows.map((row) => row.name),
            left,
          ),
          series: [
            {
              type: 'bar',
              silent: true,
              barWidth: 14,
              data: rows.map(({ mean, colour }) => ({ value: mean, itemStyle: { color: colour, opacity: 0.35 } })),
            },
            ...intervalSeries(rows),
            verticalLines([{ name: reference, x: 0 }]),
          ],
          color: [SURFACE],
        },
      };
    },
  );
}
