import { differenceUnit, formatDifference, formatInterval } from '../summary/numbers.js';
import { niceRange, valueAxis } from './axes.js';
import { armRows } from './arm-rows.js';
import { bestArms, MOST_ROWS } from './best-arms.js';
import type { Figure } from './figure.js';
import { intervalSeries, TWO_SEEDS, verticalLines } from './interval-rows.js';
import { contextId, type ChartScope } from './scope.js';

/** Ablation bars: how far each arm's mean lies from the reference arm's on shared seeds. */
export function differenceChart(scope: ChartScope, most = MOST_ROWS): Figure | undefined {
  const { summary, context, colours } = scope;
  const { primary, level } = summary;
  const scale = primary.unit === 'percent' ? 100 : 1;
  const all = summary.comparisons.filter((c) => c.context === context && c.difference !== null);
  const reference = all[0]?.reference;
  const byArm = new Map(all.map((comparison) => [comparison.arm, comparison]));
  const { arms, caption } = bestArms({ ...scope, arms: scope.arms.filter(({ arm }) => byArm.has(arm)) }, most);
  if (reference === undefined || arms.length === 0) return undefined;
  const compared = arms.map(({ arm }) => byArm.get(arm)!);
  const two = compared.some(({ seeds, interval }) => seeds.length === 2 && interval);
  const unit = differenceUnit(primary.unit).trim();
  return {
    id: `differences-${contextId(scope)}`,
    title: `Difference from ${reference}`,
    caption:
      `Bars: mean difference on shared seeds. Whiskers: ${+(100 * level).toFixed(1)} % paired t intervals, not corrected ` +
      'for several comparisons; those that cross 0 leave the sign open.' +
      (two ? TWO_SEEDS : '') +
      caption +
      colours.short,
    alt: `Difference in ${primary.label.toLowerCase()} of ${arms.length} arms from ${reference}.`,
    draw: (canvas) => {
      const { width, narrow } = canvas;
      const names = armRows(
        compared.map(({ arm }) => arm),
        canvas,
        narrow ? 38 : 34,
      );
      const rows = compared.map((c, i) => {
        const drawn = c.seeds.length > 2 && c.interval !== null;
        return {
          y: names.centres[i]!,
          colour: colours.of(arms[i]!),
          mean: scale * c.difference!,
          low: drawn ? scale * c.interval.low : undefined,
          high: drawn ? scale * c.interval.high : undefined,
          values: [],
          tip: [
            c.arm,
            `${formatDifference(c.difference!, primary.unit)}${differenceUnit(primary.unit)} over ${c.seeds.length} seeds` +
              (c.interval ? ` ${formatInterval(c.interval, primary.unit, true)}` : ''),
            c.verdict,
          ].join('\n'),
        };
      });
      const range = niceRange(
        [0, ...rows.flatMap(({ mean, low, high }) => [mean, low ?? mean, high ?? mean])],
        narrow ? 4 : 8,
      );
      const left = names.left + 14;
      return {
        height: 14 + names.height + 52,
        option: {
          grid: { left, top: 14, height: names.height, width: width - left - (narrow ? 20 : 28) },
          xAxis: valueAxis(`${primary.label}, difference${unit ? ` (${unit})` : ''}`, { ...range }),
          yAxis: names.axis,
          series: [bars(rows), ...intervalSeries(rows), verticalLines([0])],
        },
      };
    },
  };
}

interface Bar {
  readonly y: number;
  readonly mean: number;
  readonly colour: string;
  readonly tip: string;
}

function bars(rows: readonly Bar[]): Record<string, unknown> {
  interface Api {
    value(dimension: number): number;
    coord(point: readonly [number, number]): [number, number];
  }
  return {
    type: 'custom',
    clip: true,
    z: 1,
    encode: { x: 0, y: 1 },
    data: rows.map(({ mean, y, tip }) => ({ value: [mean, y], tip })),
    renderItem: ({ dataIndex }: { dataIndex: number }, api: Api) => {
      const [x, y] = api.coord([api.value(0), api.value(1)]);
      const [zero] = api.coord([0, api.value(1)]);
      return {
        type: 'rect',
        shape: { x: Math.min(x, zero), y: y - 7, width: Math.abs(x - zero), height: 14 },
        style: { fill: rows[dataIndex]!.colour, opacity: 0.35 },
      };
    },
  };
}
