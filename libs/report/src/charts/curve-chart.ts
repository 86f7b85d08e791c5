import { largest } from '@gmoe/core/extremes';
import { mean } from '../statistics/index.js';
import type { ArmSummary } from '../summary/index.js';
import { AXIS, niceRange, tickFormatter } from './axes.js';
import { bestArms, MOST_PANELS } from './best-arms.js';
import type { ArmCurves, Curves } from './curves.js';
import type { Figure } from './figure.js';
import { MUTED } from './palette.js';
import { panelGrids, panels, panelTitles, type Panel } from './panels.js';
import { contextId, inContext, type ChartScope } from './scope.js';

/** Training loss, one panel per arm: seeds thin, mean thick, band of one standard deviation, all arms' mean grey. */
export function lossChart(curves: Curves, scope: ChartScope): Figure | undefined {
  const kind =
    curves.metric === 'train/lm_loss'
      ? 'Language-model loss without auxiliary losses.'
      : 'Total loss, auxiliary losses included.';
  return curveChart(curves, scope, { id: 'loss', title: 'Training loss', axis: 'loss (nats)', about: kind });
}

/** Entropy of the expert load while training. */
export function entropyChart(curves: Curves, scope: ChartScope): Figure | undefined {
  return curveChart(curves, scope, {
    id: 'entropy',
    title: 'Load entropy in training',
    axis: 'exp(H) / E',
    about: 'exp(H) / E of the expert load since the last record, mean over layers: 1 is even.',
    bounds: [0, 1],
  });
}

interface CurveWords {
  readonly id: string;
  readonly title: string;
  readonly axis: string;
  readonly about: string;
  readonly bounds?: readonly [number, number];
}

function curveChart(
  curves: Curves,
  scope: ChartScope,
  { id, title, axis, about, bounds }: CurveWords,
): Figure | undefined {
  const shown = bestArms(scope, MOST_PANELS);
  const summaries = new Map(shown.arms.map((arm) => [arm.group, arm]));
  const arms = curves.arms.filter((arm) => summaries.has(arm.group));
  if (arms.length === 0) return undefined;
  const colourOf = (arm: ArmCurves) => scope.colours.of(summaries.get(arm.group) as ArmSummary);
  const all = everyArm(arms);
  const values = arms.flatMap((arm) => arm.mean.flatMap(({ value, spread }) => [value - spread, value + spread]));
  const range = niceRange(values, 4, bounds);
  const last = largest(arms.flatMap((arm) => arm.mean.map(({ step }) => step)));
  const smoothing = curves.window > 1 ? ` Each point averages ${curves.window} steps.` : '';
  return {
    id: `${id}-${contextId(scope)}`,
    title: `${title}${inContext(scope)}`,
    caption:
      `Thick: mean over seeds. Band: ± one standard deviation. Thin: single seeds. Dotted grey: mean of all arms, for comparison.` +
      ` ${about}${smoothing}${shown.caption}${scope.colours.short}`,
    alt: `${title} over ${last} steps for ${arms.length} arms.`,
    draw: ({ width, narrow, measure }) => {
      const columns = Math.min(narrow ? 2 : 4, arms.length);
      const { panels: places, height } = panels(
        arms.map(({ arm }) => arm),
        {
          width,
          measure,
          columns,
          panelHeight: narrow ? 110 : 140,
          left: narrow ? 46 : 56,
          bottom: 52,
        },
      );
      return {
        height,
        option: {
          title: panelTitles(places),
          grid: panelGrids(places),
          xAxis: places.map((place, i) => stepAxis(place, i, last, narrow)),
          yAxis: places.map((place, i) => valueAxisOf(place, i, range, axis)),
          series: arms.flatMap((arm, i) => panelSeries(arm, i, colourOf(arm), all)),
        },
      };
    },
  };
}

/** The axis of training steps under a panel. */
export function stepAxis(
  { last, width }: Panel,
  gridIndex: number,
  most: number,
  narrow: boolean,
): Record<string, unknown> {
  return {
    type: 'value',
    gridIndex,
    ...AXIS,
    min: 0,
    max: most,
    splitNumber: narrow || width < 180 ? 2 : 4,
    splitLine: { show: false },
    axisLabel: { ...AXIS.axisLabel, show: last, fontSize: 11, hideOverlap: true, alignMaxLabel: 'right' },
    ...(last ? { name: 'step', nameLocation: 'middle', nameGap: 24 } : {}),
  };
}

/** The value axis beside a panel, named beside the first of each row. */
export function valueAxisOf(
  { column }: Panel,
  gridIndex: number,
  range: { min: number; max: number; interval: number },
  name: string,
): Record<string, unknown> {
  return {
    type: 'value',
    gridIndex,
    ...AXIS,
    ...range,
    axisLabel: {
      ...AXIS.axisLabel,
      show: column === 0,
      fontSize: 11,
      formatter: tickFormatter([range.min, range.min + range.interval, range.max]),
    },
    ...(column === 0 ? { name, nameLocation: 'middle', nameGap: 32 } : {}),
  };
}

function panelSeries(
  arm: ArmCurves,
  index: number,
  colour: string,
  all: readonly (readonly [number, number])[],
): Record<string, unknown>[] {
  const line = (data: readonly (readonly [number, number])[], style: Record<string, unknown>, z: number) => ({
    type: 'line',
    xAxisIndex: index,
    yAxisIndex: index,
    silent: true,
    // One record makes no line: it shows as a point.
    showSymbol: data.length === 1 && style['opacity'] !== 0,
    symbol: 'circle',
    symbolSize: 5,
    itemStyle: { color: style['color'] },
    data,
    lineStyle: style,
    z,
  });
  const stack = (data: readonly (readonly [number, number])[], area: Record<string, unknown> | undefined) => ({
    ...line(data, { opacity: 0 }, 1),
    stack: `band-${index}`,
    stackStrategy: 'all',
    ...(area ? { areaStyle: area } : {}),
  });
  return [
    stack(
      arm.mean.map(({ step, value, spread }) => [step, value - spread]),
      undefined,
    ),
    stack(
      arm.mean.map(({ step, spread }) => [step, 2 * spread]),
      { color: colour, opacity: 0.18 },
    ),
    line(all, { color: MUTED, width: 1.2, type: [2, 3] }, 2),
    ...arm.seeds.map(({ points }) => line(points, { color: colour, width: 0.8, opacity: 0.45 }, 3)),
    line(
      arm.mean.map(({ step, value }) => [step, value]),
      { color: colour, width: 2.2 },
      4,
    ),
  ];
}

function everyArm(arms: readonly ArmCurves[]): [number, number][] {
  const byStep = new Map<number, number[]>();
  for (const arm of arms)
    for (const { step, value } of arm.mean) byStep.set(step, [...(byStep.get(step) ?? []), value]);
  return [...byStep]
    .filter(([, values]) => values.length === arms.length)
    .sort(([a], [b]) => a - b)
    .map(([step, values]) => [step, mean(values)]);
}
