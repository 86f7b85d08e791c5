import { largest } from '@gmoe/core/extremes';
import { AXIS, niceRange, scaleAxis, valueAxis } from './axes.js';
import { plotHeight, type Figure } from './figure.js';

export interface CurveLine {
  readonly name: string;
  readonly colour: string;
  readonly mean: readonly { readonly step: number; readonly mean: number; readonly std: number }[];
  /** Single seeds, not smoothed. */
  readonly seeds: readonly (readonly (readonly [step: number, value: number])[])[];
}

export interface CurveOptions {
  /** Of the figure in its page. Default: curves. */
  readonly id?: string;
  readonly metric: string;
  /** What a line is: an arm, as its mean over seeds, or one trial. Default: arm. */
  readonly each?: 'arm' | 'trial';
  readonly lines: readonly CurveLine[];
  /** Dashed: a second metric, on an axis of its own where it measures something else, or the same one of something else. */
  readonly overlay?:
    { readonly metric: string; readonly of?: string; readonly lines: readonly CurveLine[] } | undefined;
  readonly log: boolean;
  /** Whether bands of one standard deviation over seeds are drawn. */
  readonly bands: boolean;
  readonly smoothing: number;
  readonly caption: string;
}

/** So many curves and more are drawn thin, to be seen through. */
const CROWD = 30;

/** Curves of arms over training in one plot. */
export function curveFigure({
  id = 'curves',
  metric,
  each = 'arm',
  lines,
  overlay,
  log,
  bands,
  smoothing,
  caption,
}: CurveOptions): Figure | undefined {
  const second = overlay?.lines ?? [];
  if (lines.length === 0 && second.length === 0) return undefined;
  const last = largest(
    [...lines, ...second].flatMap(({ mean }) => mean.map(({ step }) => step)),
    1,
  );
  const own = valuesOf(lines, bands && !log);
  const sharesAxis = overlay !== undefined && kindOf(overlay.metric) === kindOf(metric);
  const secondValues = valuesOf(second, false);
  const positive = [...own, ...(sharesAxis ? secondValues : [])].every((value) => value > 0);
  const logarithmic = log && positive;
  const several = lines.some((line) => line.mean.some(({ std }) => std > 0));
  return {
    id,
    title: overlay && overlay.metric !== metric ? `${metric} and ${overlay.metric}` : metric,
    caption:
      (each === 'arm' ? 'Lines: mean over seeds.' : 'A line is one trial.') +
      (bands && several && !logarithmic ? ' Band: ± one standard deviation.' : '') +
      (lines.some(({ seeds }) => seeds.length > 0) ? ' Thin: single seeds as logged.' : '') +
      (overlay ? ` Dashed: ${overlay.of ?? overlay.metric}${sharesAxis ? '' : ', axis on the right'}.` : '') +
      (smoothing > 0 ? ` Exponential moving average with weight ${smoothing.toFixed(2)} on what came before.` : '') +
      (log && !positive ? ' Not on a log scale: some values are not above 0.' : '') +
      caption,
    alt: `${metric} over ${last} steps for ${lines.length} ${each}s.`,
    draw: (canvas) => {
      const { width } = canvas;
      const plot = plotHeight(canvas, 260, 420);
      const right = overlay && !sharesAxis && secondValues.length > 0 ? 66 : 28;
      const axis = (name: string, values: readonly number[], more: object) => ({
        ...(logarithmic
          ? scaleAxis(name, values, { log: true, ticks: 6 })
          : valueAxis(name, { ...niceRange(values, 6) })),
        nameGap: 48,
        ...more,
      });
      return {
        height: plot + 78,
        option: {
          grid: { left: 70, top: 16, width: width - 70 - right, height: plot },
          xAxis: valueAxis('step', {
            min: 0,
            max: last,
            axisLabel: { ...AXIS.axisLabel, hideOverlap: true, alignMaxLabel: 'right' },
            splitLine: { show: false },
          }),
          yAxis: [
            axis(metric, sharesAxis ? [...own, ...secondValues] : own, {}),
            ...(overlay && !sharesAxis && secondValues.length > 0
              ? [axis(overlay.metric, secondValues, { position: 'right', splitLine: { show: false } })]
              : []),
          ],
          series: [
            ...lines.flatMap((line, i) => lineSeries(line, i, bands && !logarithmic, lines.length > CROWD)),
            ...second.map((line, i) => ({
              ...curve(
                line.mean.map(({ step, mean }) => [step, mean]),
                line.colour,
                1.6,
              ),
              id: `over-${i}`,
              name: line.name,
              yAxisIndex: sharesAxis ? 0 : 1,
              lineStyle: { color: line.colour, width: 1.6, type: [5, 4] },
            })),
          ],
        },
      };
    },
  };
}

function lineSeries(line: CurveLine, index: number, band: boolean, thin: boolean): Record<string, unknown>[] {
  const { colour, mean, seeds, name } = line;
  const stack = (data: (readonly [number, number])[], area?: object) => ({
    ...curve(data, colour, 0),
    silent: true,
    lineStyle: { opacity: 0 },
    stack: `band-${index}`,
    stackStrategy: 'all',
    ...(area ? { areaStyle: area } : {}),
  });
  const spread = band && mean.some(({ std }) => std > 0);
  return [
    ...(spread
      ? [
          stack(mean.map(({ step, mean: value, std }) => [step, value - std])),
          stack(
            mean.map(({ step, std }) => [step, 2 * std]),
            { color: colour, opacity: 0.14 },
          ),
        ]
      : []),
    ...seeds.map((points) => ({
      ...curve(points, colour, 0.8),
      silent: true,
      lineStyle: { color: colour, width: 0.8, opacity: 0.4 },
    })),
    {
      ...curve(
        mean.map(({ step, mean: value }) => [step, value]),
        colour,
        2,
      ),
      ...(thin ? { lineStyle: { color: colour, width: 1, opacity: 0.45 } } : {}),
      id: `mean-${index}`,
      name,
      z: 4,
      emphasis: { focus: 'series', lineStyle: { width: 3, opacity: 1 } },
    },
  ];
}

function curve(data: readonly (readonly [number, number])[], color: string, width: number): Record<string, unknown> {
  return {
    type: 'line',
    // One record makes no line: it shows as a point.
    showSymbol: data.length === 1,
    symbol: 'circle',
    symbolSize: 5,
    data,
    itemStyle: { color },
    lineStyle: { color, width },
  };
}

function valuesOf(lines: readonly CurveLine[], band: boolean): number[] {
  return lines.flatMap(({ mean, seeds }) => [
    ...mean.flatMap(({ mean: value, std }) => (band ? [value - std, value + std] : [value])),
    ...seeds.flatMap((points) => points.map(([, value]) => value)),
  ]);
}

/** What a metric measures, as far as its name tells: losses share an axis. */
function kindOf(metric: string): string {
  return /loss/.test(metric) ? 'loss' : metric.split('/').at(-1)!;
}

/** A value in four digits. */
export function axisText(value: number): string {
  return Number(value.toPrecision(4)).toString().replace('-', '\u2212');
}
