import { axisValue } from '../summary/arms.js';
import { formatValue, unitLabel } from '../summary/numbers.js';
import type { MetricDefinition } from '../summary/metric-catalog.js';
import type { ArmSummary } from '../summary/index.js';
import { AXIS, boundsOf, niceRange, scaleAxis, valueAxis } from './axes.js';
import { plotHeight, type Figure } from './figure.js';
import { drawnInterval } from './interval-rows.js';
import { wrapText } from './text-layout.js';
import type { ChartScope } from './scope.js';

export interface ExplorerOptions {
  readonly axis: string;
  readonly metric: MetricDefinition;
  readonly logX: boolean;
  readonly logY: boolean;
  /** Joins arms that differ in this axis only. */
  readonly join: boolean;
}

/** Any metric against any axis: a point an arm, joined where only this axis differs. */
export function explorerFigure(scope: ChartScope, options: ExplorerOptions): Figure | undefined {
  const { axis, metric, join } = options;
  const scale = metric.unit === 'percent' ? 100 : 1;
  const points = scope.arms.flatMap((arm) => {
    const estimate = arm.metrics[metric.id];
    return estimate && arm.axes[axis] !== undefined ? [{ arm, estimate, y: scale * estimate.mean }] : [];
  });
  if (points.length === 0) return undefined;
  const numeric = points.every(({ arm }) => typeof arm.axes[axis] === 'number');
  const values = [...new Set(points.map(({ arm }) => axisValue(arm.axes[axis]!)))];
  const xOf = (arm: ArmSummary): number | string => (numeric ? (arm.axes[axis] as number) : axisValue(arm.axes[axis]!));
  const xs = numeric ? points.map(({ arm }) => arm.axes[axis] as number) : [];
  const logX = numeric && options.logX && xs.every((x) => x > 0);
  const ys = points.flatMap(({ y, estimate }) => {
    const interval = drawnInterval(estimate);
    return [y, scale * (interval?.low ?? estimate.mean), scale * (interval?.high ?? estimate.mean)];
  });
  const logY = options.logY && ys.every((y) => y > 0);
  const unit = unitLabel(metric.unit);
  const lines = join && numeric ? linesOf(points, axis) : [];
  return {
    id: `explorer-${scope.summary.contexts.indexOf(scope.context)}`,
    title: `${metric.label} over ${axis}${scope.context ? `, ${scope.context}` : ''}`,
    caption:
      'Points: means of arms over their seeds. Whiskers: intervals of arms with three seeds or more.' +
      (lines.length > 0 ? ' Lines join arms that differ in this axis only.' : '') +
      scope.colours.short,
    alt: `${metric.label} of ${points.length} arms over ${axis}.`,
    draw: (canvas) => {
      const { width, narrow, measure } = canvas;
      const plot = plotHeight(canvas, 260, 380);
      const across = width - 74 - 28;
      const room = Math.max(28, across / Math.max(1, values.length) - 8);
      const wrapped = numeric ? [] : values.map((value) => wrapText(value, room, 12, measure));
      // Arms of one value stand side by side.
      const shiftOf = (arm: ArmSummary): number => {
        if (numeric) return 0;
        const beside = points.filter((point) => xOf(point.arm) === xOf(arm));
        const place = beside.findIndex((point) => point.arm === arm) - (beside.length - 1) / 2;
        return place * Math.min(16, (0.8 * room) / beside.length);
      };
      const bottom = numeric ? 0 : 14 * (wrapped.reduce((most, lines_) => Math.max(most, lines_.length), 1) - 1);
      return {
        height: plot + 82 + bottom,
        option: {
          grid: { left: 74, top: 16, width: across, height: plot },
          xAxis: numeric
            ? { ...scaleAxis(axis, xs, { log: logX, ticks: narrow ? 4 : 8 }), splitLine: { show: false } }
            : {
                type: 'category',
                data: values,
                ...AXIS,
                name: axis,
                nameLocation: 'middle',
                nameGap: 30 + bottom,
                splitLine: { show: false },
                axisLabel: {
                  ...AXIS.axisLabel,
                  interval: 0,
                  lineHeight: 14,
                  formatter: (_: string, i: number) => wrapped[i]!.join('\n'),
                },
              },
          yAxis: {
            ...(logY
              ? scaleAxis(`${metric.label}${unit ? ` (${unit})` : ''}`, ys, { log: true, ticks: 6 })
              : valueAxis(`${metric.label}${unit ? ` (${unit})` : ''}`, {
                  ...niceRange(ys, 6, boundsOf(metric.unit)),
                })),
            nameGap: 50,
          },
          series: [
            ...lines.map((line) => ({
              type: 'line',
              silent: true,
              showSymbol: false,
              data: line.map(({ arm, y }) => [arm.axes[axis], y]),
              lineStyle: { color: scope.colours.of(line[0]!.arm), width: 1.4, opacity: 0.7 },
            })),
            whiskers(
              points.flatMap(({ arm, estimate }) => {
                const interval = drawnInterval(estimate);
                return interval
                  ? [
                      {
                        x: numeric ? xOf(arm) : values.indexOf(String(xOf(arm))),
                        low: scale * interval.low,
                        high: scale * interval.high,
                        colour: scope.colours.of(arm),
                        shift: shiftOf(arm),
                      },
                    ]
                  : [];
              }),
            ),
            {
              type: 'scatter',
              symbolSize: points.length > 60 ? 8 : 11,
              data: points.map(({ arm, y, estimate }) => ({
                value: [xOf(arm), y],
                symbolOffset: [shiftOf(arm), 0],
                tip: [
                  arm.arm,
                  `${axis} ${axisValue(arm.axes[axis]!)}`,
                  `${metric.label} ${formatValue(estimate.mean, metric.unit)}${estimate.std === null ? '' : ` ± ${formatValue(estimate.std, metric.unit)}`}${unit ? ` ${unit}` : ''}`,
                ].join('\n'),
                itemStyle: { color: scope.colours.of(arm), opacity: 0.85 },
              })),
            },
          ],
        },
      };
    },
  };
}

interface Whisker {
  readonly x: number | string;
  readonly low: number;
  readonly high: number;
  readonly colour: string;
  /** Pixels to the right. */
  readonly shift: number;
}

function whiskers(items: readonly Whisker[]): Record<string, unknown> {
  interface Api {
    value(dimension: number): number;
    coord(point: readonly [number, number]): [number, number];
  }
  return {
    type: 'custom',
    clip: true,
    silent: true,
    encode: { x: 0, y: [1, 2] },
    data: items.map(({ x, low, high }) => [x, low, high]),
    renderItem: ({ dataIndex }: { dataIndex: number }, api: Api) => {
      const [at, y1] = api.coord([api.value(0), api.value(1)]);
      const [, y2] = api.coord([api.value(0), api.value(2)]);
      const x = at + items[dataIndex]!.shift;
      return {
        type: 'line',
        shape: { x1: x, y1, x2: x, y2 },
        style: { stroke: items[dataIndex]!.colour, lineWidth: 1.4, opacity: 0.6 },
      };
    },
  };
}

interface Point {
  readonly arm: ArmSummary;
  readonly y: number;
}

function linesOf(points: readonly Point[], axis: string): Point[][] {
  const lines = new Map<string, Point[]>();
  for (const point of points) {
    const key = JSON.stringify(
      Object.entries(point.arm.axes)
        .filter(([name]) => name !== axis)
        .sort(),
    );
    lines.set(key, [...(lines.get(key) ?? []), point]);
  }
  return [...lines.values()]
    .filter(({ length }) => length > 1)
    .map((line) => line.sort((a, b) => (a.arm.axes[axis] as number) - (b.arm.axes[axis] as number)));
}
