import { axisValue, treatmentAxes } from '../summary/arms.js';
import { unitLabel } from '../summary/numbers.js';
import type { ArmSummary, SweepSummary } from '../summary/index.js';
import { AXIS, boundsOf, lineKeys, makeChart, niceRange, valueAxis, type Chart } from './chart.js';
import { CATEGORY_COLOURS, MUTED, RULE } from './palette.js';

interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly arm: ArmSummary }[];
}

/** Numeric axes of a context with at least three values. */
export function numericAxes(summary: SweepSummary, context: string): string[] {
  const arms = summary.arms.filter((arm) => arm.context === context && arm.metrics[summary.primary.id]);
  const axes = [...new Set(arms.flatMap((arm) => Object.keys(treatmentAxes(arm.axes))))];
  return axes.filter((axis) => {
    const values = arms.flatMap((arm) => (arm.axes[axis] === undefined ? [] : [arm.axes[axis]]));
    return values.every((value) => typeof value === 'number') && new Set(values).size >= 3;
  });
}

/** Hyper-parameter curve: the compared metric over one numeric axis, a line per combination of the other axes. */
export function axisChart(summary: SweepSummary, context: string, axis: string): Chart | undefined {
  const { primary, level } = summary;
  const scale = primary.unit === 'percent' ? 100 : 1;
  const lines = linesOver(summary, context, axis);
  if (lines.length === 0) return undefined;
  const shown = lines.slice(0, CATEGORY_COLOURS.length);
  const xs = [...new Set(shown.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const logarithmic = xs[0]! > 0 && xs.at(-1)! / xs[0]! >= 16;
  const estimate = (arm: ArmSummary) => arm.metrics[primary.id]!;
  const ys = shown.flatMap(({ points }) =>
    points.flatMap(({ arm }) => [
      estimate(arm).interval?.low ?? estimate(arm).mean,
      estimate(arm).interval?.high ?? estimate(arm).mean,
    ]),
  );
  const unit = unitLabel(primary.unit);
  const left = lines.length - shown.length;
  return makeChart(
    {
      id: `axis-${summary.contexts.indexOf(context)}-${axis.replace(/[^A-Za-z0-9]+/g, '-')}`,
      title: `${primary.label} over ${axis}${context ? `, ${context}` : ''}`,
      caption:
        `Lines: means over seeds. Whiskers: ${+(100 * level).toFixed(1)} % t intervals, shifted aside where they would overlap.` +
        (shown.length > 1 ? ` Lines: ${shown.map(({ name }) => name).join('; ')}.` : '') +
        (left > 0 ? ` ${left} more combinations are in the table only.` : ''),
      alt: `${primary.label} over ${xs.length} values of ${axis}, ${shown.length} lines.`,
    },
    ({ width, narrow }) => {
      const legend = shown.length > 1 ? 22 * shown.length : 0;
      const plot = narrow ? 220 : 320;
      return {
        height: legend + 20 + plot + 56,
        option: {
          graphic:
            shown.length > 1
              ? lineKeys(
                  shown.map(({ name }) => name),
                  62,
                )
              : [],
          grid: { left: 62, width: width - 62 - 24, top: legend + 16, height: plot },
          xAxis: {
            ...valueAxis(axis, {}),
            type: logarithmic ? 'log' : 'value',
            ...(logarithmic
              ? { min: xs[0]! / 1.3, max: xs.at(-1)! * 1.3 }
              : { min: xs[0]! - padding(xs), max: xs.at(-1)! + padding(xs) }),
            splitLine: { show: false },
            axisLabel: {
              ...AXIS.axisLabel,
              customValues: xs,
              formatter: (v: number) => String(Number(v.toPrecision(6))),
              hideOverlap: true,
            },
            axisTick: { customValues: xs, lineStyle: { color: RULE } },
          },
          yAxis: {
            ...valueAxis(
              `${primary.label}${unit ? ` (${unit})` : ''}`,
              niceRange(
                ys.map((y) => scale * y),
                5,
                boundsOf(primary.unit),
              ),
            ),
            nameGap: 42,
          },
          series: shown.flatMap((line, i) => lineSeries(line, i, shown.length, scale, primary.id)),
        },
      };
    },
  );
}

function padding(xs: readonly number[]): number {
  return 0.06 * (xs.at(-1)! - xs[0]!);
}

function linesOver(summary: SweepSummary, context: string, axis: string): Line[] {
  const lines = new Map<string, { x: number; arm: ArmSummary }[]>();
  for (const arm of summary.arms) {
    const x = arm.axes[axis];
    if (arm.context !== context || typeof x !== 'number' || !arm.metrics[summary.primary.id]) continue;
    const others = Object.entries(treatmentAxes(arm.axes)).filter(([name]) => name !== axis);
    const name = others
      .map(([key, value]) => (typeof value === 'string' ? value : `${key}=${axisValue(value)}`))
      .join(' · ');
    lines.set(name, [...(lines.get(name) ?? []), { x, arm }]);
  }
  return [...lines]
    .map(([name, points]) => ({ name, points: points.sort((a, b) => a.x - b.x) }))
    .filter(({ points }) => points.length > 1);
}

function lineSeries(line: Line, index: number, count: number, scale: number, id: string): Record<string, unknown>[] {
  const colour = CATEGORY_COLOURS[index]!;
  const points = line.points.map(({ x, arm }) => ({ x, ...arm.metrics[id]! }));
  const whiskers = points.flatMap(({ x, interval }) =>
    interval ? [[x, scale * interval.low, scale * interval.high]] : [],
  );
  const shift = 5 * (index - (count - 1) / 2);
  interface Api {
    value(dimension: number): number;
    coord(point: readonly [number, number]): [number, number];
  }
  return [
    {
      type: 'line',
      silent: true,
      data: points.map(({ x, mean }) => [x, scale * mean]),
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
  points: readonly { x: number; values: readonly { value: number }[] }[],
  scale: number,
): Record<string, unknown> {
  return {
    type: 'scatter',
    silent: true,
    symbolSize: 6,
    data: points.flatMap(({ x, values }) => values.map(({ value }) => [x, scale * value])),
    itemStyle: { color: 'none', borderColor: MUTED, borderWidth: 1.2 },
  };
}
