import type { Estimate } from '../summary/index.js';
import type { AxisRange } from './axes.js';
import { FONT, type Canvas } from './figure.js';
import { INK, SURFACE } from './palette.js';
import { widest, wrapText } from './text-layout.js';

/** A row of an interval plot: where the mean is, how far it is uncertain, the single values. */
export interface IntervalRow {
  /** Middle of the row on the y axis. */
  readonly y: number;
  readonly colour: string;
  readonly mean: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly values: readonly { readonly seed: number; readonly value: number }[];
  readonly tip: string;
}

/** For captions of charts that leave the intervals of two seeds to the table. */
export const TWO_SEEDS =
  ' Of two seeds the interval is nine times their distance on either side: it stands in the table and is not drawn.';

/** The interval that a chart shows: from three seeds on, since that of two would be the whole axis. */
export function drawnInterval({ n, interval }: Estimate): Estimate['interval'] | undefined {
  return n > 2 ? (interval ?? undefined) : undefined;
}

interface Api {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
}

/** Series for rows: whiskers, single values as rings, means as filled diamonds. */
export function intervalSeries(rows: readonly IntervalRow[]): Record<string, unknown>[] {
  const whiskers = rows.flatMap(({ y, low, high, tip, colour }) =>
    low === undefined || high === undefined ? [] : [{ value: [y, low, high], tip, colour }],
  );
  return [
    {
      type: 'custom',
      clip: true,
      data: whiskers,
      z: 2,
      encode: { x: [1, 2], y: 0 },
      renderItem: ({ dataIndex }: { dataIndex: number }, api: Api) => {
        const row = api.value(0);
        const [x1, y] = api.coord([api.value(1), row]);
        const [x2] = api.coord([api.value(2), row]);
        const style = { stroke: whiskers[dataIndex]!.colour, lineWidth: 2, fill: 'none' };
        const line = (a: number, b: number, c: number, d: number) => ({
          type: 'line',
          shape: { x1: a, y1: b, x2: c, y2: d },
          style,
        });
        return {
          type: 'group',
          children: [line(x1, y, x2, y), line(x1, y - 5, x1, y + 5), line(x2, y - 5, x2, y + 5)],
        };
      },
    },
    {
      type: 'scatter',
      z: 3,
      symbol: 'circle',
      symbolSize: 7,
      symbolOffset: [0, 8],
      data: rows.flatMap(({ values, colour, y, tip }) =>
        values.map(({ value }) => ({
          value: [value, y],
          tip,
          itemStyle: { color: SURFACE, borderColor: colour, borderWidth: 1.5 },
        })),
      ),
    },
    {
      type: 'scatter',
      z: 4,
      symbol: 'diamond',
      symbolSize: 12,
      data: rows.map(({ mean, colour, y, tip }) => ({
        value: [mean, y],
        tip,
        itemStyle: { color: colour, borderColor: SURFACE, borderWidth: 1, opacity: 1 },
      })),
    },
  ];
}

interface Marks {
  /** Pixels over the plot that the names take. */
  readonly height: number;
  readonly graphic: Record<string, unknown>[];
  readonly series: Record<string, unknown>[];
}

const LINE = 15;

/**
 * Vertical dashed lines, each with its name in a line of its own over the plot: beside the line, or with an arrow at the margin if
 * the value lies outside of the axis. The axis is scaled to the data, not to them.
 */
export function baselineMarks(
  lines: readonly { readonly name: string; readonly x: number }[],
  { min, max }: AxisRange,
  left: number,
  across: number,
  { width, measure }: Canvas,
): Marks {
  if (lines.length === 0) return { height: 14, graphic: [], series: [] };
  let height = 4;
  const texts = lines.map(({ name, x }) => {
    const inside = x >= min && x <= max;
    const label = inside ? name : x < min ? `◂ ${name}` : `${name} ▸`;
    const wrapped = wrapText(label, width - 8, 12, measure);
    const size = widest(wrapped, 12, measure);
    const at = inside ? left + (across * (x - min)) / (max - min || 1) : x < min ? left : left + across;
    const start = inside ? at + 4 : x < min ? at : at - size;
    const fits = Math.max(2, Math.min(width - size - 2, start));
    const top = height;
    height += LINE * wrapped.length;
    return {
      type: 'text',
      silent: true,
      x: fits,
      y: top,
      style: { text: wrapped.join('\n'), fill: INK, fontSize: 12, lineHeight: LINE, fontFamily: FONT },
    };
  });
  const within = lines.filter(({ x }) => x >= min && x <= max);
  return {
    height: height + 6,
    graphic: texts,
    series: within.length === 0 ? [] : [verticalLines(within.map(({ x }) => x))],
  };
}

/** Vertical dashed lines without names. */
export function verticalLines(xs: readonly number[]): Record<string, unknown> {
  return {
    type: 'line',
    data: [],
    silent: true,
    markLine: {
      symbol: 'none',
      silent: true,
      animation: false,
      label: { show: false },
      lineStyle: { color: INK, type: [5, 4], width: 1.2 },
      data: xs.map((xAxis) => ({ xAxis })),
    },
  };
}
