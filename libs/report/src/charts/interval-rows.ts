import { INK, SURFACE } from './palette.js';

/** A row of an interval plot: where the mean is, how far it is uncertain, the single values. */
export interface IntervalRow {
  readonly name: string;
  readonly colour: string;
  readonly mean: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly values: readonly number[];
}

interface Api {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
}

/** Series for rows on a category axis: whiskers, single values as rings, means as filled diamonds. */
export function intervalSeries(rows: readonly IntervalRow[]): Record<string, unknown>[] {
  const whiskers = rows.flatMap(({ low, high }, i) =>
    low === undefined || high === undefined ? [] : [[i, low, high]],
  );
  return [
    {
      type: 'custom',
      clip: true,
      data: whiskers,
      silent: true,
      z: 2,
      encode: { x: [1, 2], y: 0 },
      renderItem: (_: unknown, api: Api) => {
        const row = api.value(0);
        const [x1, y] = api.coord([api.value(1), row]);
        const [x2] = api.coord([api.value(2), row]);
        const style = { stroke: rows[row]!.colour, lineWidth: 2, fill: 'none' };
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
      silent: true,
      z: 3,
      symbol: 'circle',
      symbolSize: 7,
      symbolOffset: [0, 8],
      data: rows.flatMap(({ values, colour }, i) =>
        values.map((value) => ({
          value: [value, i],
          itemStyle: { color: SURFACE, borderColor: colour, borderWidth: 1.5 },
        })),
      ),
    },
    {
      type: 'scatter',
      silent: true,
      z: 4,
      symbol: 'diamond',
      symbolSize: 12,
      data: rows.map(({ mean, colour }, i) => ({
        value: [mean, i],
        itemStyle: { color: colour, borderColor: SURFACE, borderWidth: 1, opacity: 1 },
      })),
    },
  ];
}

/**
 * Vertical dashed lines with their names on top: right of the line, or left of it where the edge would cut the name.
 *
 * @param values all that the axis shows; default: the lines alone
 */
export function verticalLines(
  lines: readonly { readonly name: string; readonly x: number }[],
  values: readonly number[] = lines.map(({ x }) => x),
): Record<string, unknown> {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return {
    type: 'line',
    data: [],
    silent: true,
    markLine: {
      symbol: 'none',
      silent: true,
      animation: false,
      lineStyle: { color: INK, type: [5, 4], width: 1.2 },
      data: lines.map(({ name, x }, i) => ({
        xAxis: x,
        label: {
          formatter: name,
          position: 'start',
          align: x > low + 0.6 * (high - low) ? 'right' : 'left',
          color: INK,
          fontSize: 12,
          distance: 3 + 15 * ((lines.length - 1 - i) % 3),
        },
      })),
    },
  };
}
