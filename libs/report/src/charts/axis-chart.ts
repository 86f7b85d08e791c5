import { axisValue, treatmentAxes } from '../summary/arms.js';
import { unitLabel } from '../summary/numbers.js';
import type { ArmSummary } from '../summary/index.js';
import { armTip } from './arm-chart.js';
import { boundsOf, niceRange, scaleAxis, valueAxis, wantsLog } from './axes.js';
import type { Figure } from './figure.js';
import { drawnInterval, TWO_SEEDS } from './interval-rows.js';
import { lineKeys } from './line-keys.js';
import { CATEGORY_COLOURS, MUTED } from './palette.js';
import { contextId, inContext, type ChartScope } from './scope.js';

interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly arm: ArmSummary }[];
}

/** Numeric axes of a context with at least three values. */
export function numericAxes({ arms, summary }: ChartScope): string[] {
  const measured = arms.filter((arm) => arm.metrics[summary.primary.id]);
  const axes = [...new Set(measured.flatMap((arm) => Object.keys(treatmentAxes(arm.axes))))];
  return axes.filter((axis) => {
    const values = measured.flatMap((arm) => (arm.axes[axis] === undefined ? [] : [arm.axes[axis]]));
    return values.every((value) => typeof value === 'number') && new Set(values).size >= 3;
  });
}

/**
 * Hyper-parameter curve: the compared metric over one numeric axis, a line per combination of the other axes; points alone where
 * no two arms differ in this axis only, as in a random search.
 */
export function axisChart(scope: ChartScope, axis: string): Figure | undefined {
  const { summary, colours } = scope;
  const { primary, level } = summary;
  const scale = primary.unit === 'percent' ? 100 : 1;
  const lines = linesOver(scope, axis);
  const shown = lines.slice(0, CATEGORY_COLOURS.length);
  const points = scope.arms.flatMap((arm) => {
    const x = arm.axes[axis];
    return typeof x === 'number' && arm.metrics[primary.id] ? [{ x, arm }] : [];
  });
  if (points.length < 2) return undefined;
  const drawn = lines.length > 0 ? shown.flatMap((line) => line.points) : points;
  const xs = drawn.map(({ x }) => x);
  const estimate = (arm: ArmSummary) => arm.metrics[primary.id]!;
  const ys = drawn.flatMap(({ arm }) => {
    const { mean } = estimate(arm);
    const interval = drawnInterval(estimate(arm));
    return [scale * mean, scale * (interval?.low ?? mean), scale * (interval?.high ?? mean)];
  });
  const two = drawn.some(({ arm }) => estimate(arm).n === 2);
  const unit = unitLabel(primary.unit);
  const left = lines.length - shown.length;
  return {
    id: `axis-${contextId(scope)}-${axis.replace(/[^A-Za-z0-9]+/g, '-')}`,
    title: `${primary.label} over ${axis}${inContext(scope)}`,
    caption:
      (lines.length === 0
        ? 'Every point is an arm, the mean over its seeds; the other axes vary too.' + colours.short
        : `Lines: means over seeds. Whiskers: ${+(100 * level).toFixed(1)} % t intervals, shifted aside where they would overlap.`) +
      (two && lines.length > 0 ? TWO_SEEDS : '') +
      (left > 0 ? ` ${left} more combinations are in the table only.` : ''),
    alt: `${primary.label} over ${new Set(xs).size} values of ${axis}, ${lines.length === 0 ? `${points.length} points` : `${shown.length} lines`}.`,
    draw: (canvas) => {
      const { width, narrow } = canvas;
      const keys =
        shown.length > 1
          ? lineKeys(
              shown.map(({ name }) => name),
              62,
              canvas,
            )
          : { graphic: [], height: 0 };
      const plot = narrow ? 220 : 320;
      return {
        height: keys.height + 20 + plot + 56,
        option: {
          graphic: keys.graphic,
          grid: { left: 62, width: width - 62 - 28, top: keys.height + 16, height: plot },
          xAxis: { ...scaleAxis(axis, xs, { log: wantsLog(xs), ticks: narrow ? 4 : 7 }), splitLine: { show: false } },
          yAxis: {
            ...valueAxis(`${primary.label}${unit ? ` (${unit})` : ''}`, {
              ...niceRange(ys, 5, boundsOf(primary.unit)),
            }),
            nameGap: 42,
          },
          series:
            lines.length === 0
              ? [pointSeries(points, scale, scope)]
              : shown.flatMap((line, i) => lineSeries(line, i, shown.length, scale, scope)),
        },
      };
    },
  };
}

function linesOver({ arms, summary }: ChartScope, axis: string): Line[] {
  const lines = new Map<string, { x: number; arm: ArmSummary }[]>();
  for (const arm of arms) {
    const x = arm.axes[axis];
    if (typeof x !== 'number' || !arm.metrics[summary.primary.id]) continue;
    const others = Object.entries(treatmentAxes(arm.axes)).filter(([name]) => name !== axis);
    const name = others
      .map(([key, value]) => (typeof value === 'string' ? value : `${key}=${axisValue(value)}`))
      .join(' · ');
    const line = lines.get(name);
    if (line) line.push({ x, arm });
    else lines.set(name, [{ x, arm }]);
  }
  return [...lines]
    .map(([name, points]) => ({ name, points: points.sort((a, b) => a.x - b.x) }))
    .filter(({ points }) => points.length > 1);
}

function pointSeries(points: Line['points'], scale: number, scope: ChartScope): Record<string, unknown> {
  const id = scope.summary.primary.id;
  return {
    type: 'scatter',
    symbolSize: 8,
    data: points.map(({ x, arm }) => ({
      value: [x, scale * arm.metrics[id]!.mean],
      tip: armTip(arm, arm.metrics[id]!, scope),
      itemStyle: { color: scope.colours.of(arm), opacity: 0.85 },
    })),
  };
}

function lineSeries(
  line: Line,
  index: number,
  count: number,
  scale: number,
  scope: ChartScope,
): Record<string, unknown>[] {
  const { id } = scope.summary.primary;
  const colour = CATEGORY_COLOURS[index]!;
  const points = line.points.map(({ x, arm }) => ({
    x,
    ...arm.metrics[id]!,
    drawn: drawnInterval(arm.metrics[id]!),
    tip: armTip(arm, arm.metrics[id]!, scope),
  }));
  const whiskers = points.flatMap(({ x, drawn }) => (drawn ? [[x, scale * drawn.low, scale * drawn.high]] : []));
  const shift = 5 * (index - (count - 1) / 2);
  interface Api {
    value(dimension: number): number;
    coord(point: readonly [number, number]): [number, number];
  }
  return [
    {
      type: 'line',
      data: points.map(({ x, mean, tip }) => ({ value: [x, scale * mean], tip })),
      symbol: 'circle',
      symbolSize: 8,
      lineStyle: { color: colour, width: 2 },
      itemStyle: { color: colour },
    },
    {
      type: 'custom',
      clip: true,
      silent: true,
      encode: { x: 0, y: [1, 2] },
      data: whiskers,
      renderItem: (_: unknown, api: Api) => {
        const [x, y1] = api.coord([api.value(0), api.value(1)]);
        const [, y2] = api.coord([api.value(0), api.value(2)]);
        const style = { stroke: colour, lineWidth: 1.4, fill: 'none' };
        const part = (x1: number, a: number, x2: number, b: number) => ({
          type: 'line',
          shape: { x1, y1: a, x2, y2: b },
          style,
        });
        const at = x + shift;
        return {
          type: 'group',
          children: [part(at, y1, at, y2), part(at - 4, y1, at + 4, y1), part(at - 4, y2, at + 4, y2)],
        };
      },
    },
    ...(count === 1 && points.length > 0 ? [seedDots(points, scale)] : []),
  ];
}

function seedDots(
  points: readonly { x: number; tip: string; values: readonly { value: number }[] }[],
  scale: number,
): Record<string, unknown> {
  return {
    type: 'scatter',
    symbolSize: 6,
    data: points.flatMap(({ x, values, tip }) => values.map(({ value }) => ({ value: [x, scale * value], tip }))),
    itemStyle: { color: 'none', borderColor: MUTED, borderWidth: 1.2 },
  };
}
