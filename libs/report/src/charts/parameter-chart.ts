import { largest } from '@gmoe/core/extremes';
import { mean } from '../statistics/index.js';
import type { TrialRecord } from '../results/sweep-results.js';
import { GREEK } from '../tables/routing-table.js';
import { scaleColour } from './arm-colours.js';
import { niceRange } from './axes.js';
import { bestArms, MOST_PANELS } from './best-arms.js';
import { stepAxis, valueAxisOf } from './curve-chart.js';
import { trainingCurves } from './curves.js';
import type { Figure } from './figure.js';
import { panelGrids, panels, panelTitles } from './panels.js';
import { contextId, inContext, type ChartScope } from './scope.js';

/** Parameters of the losses that the trials logged, e.g. `poisson/lambda`. */
export function loggedParameters(trials: readonly TrialRecord[]): string[] {
  const names = new Set<string>();
  for (const { events } of trials) {
    const first = events.find(({ type }) => type === 'step');
    for (const name of Object.keys(first?.metrics ?? {})) {
      const match = /^coordination\/(.+)\.\d+$/.exec(name);
      if (match) names.add(match[1]!);
    }
  }
  return [...names];
}

/** A loss's parameter over training: one panel per arm that has it, one line per layer, dark first. */
export function parameterChart(trials: readonly TrialRecord[], name: string, scope: ChartScope): Figure | undefined {
  const shown = bestArms(scope, MOST_PANELS);
  const arms = shown.arms.flatMap((arm) => {
    const own = trials.filter(({ trial }) => trial.group === arm.group);
    const layers: (readonly (readonly [number, number])[])[] = [];
    for (;;) {
      const curves = trainingCurves(own, [`coordination/${name}.${layers.length}`]);
      if (!curves) break;
      layers.push(curves.arms[0]!.mean.map(({ step, value }) => [step, value] as const));
    }
    return layers.length > 0 ? [{ arm: arm.arm, layers }] : [];
  });
  if (arms.length === 0) return undefined;
  const symbol = GREEK[name] ?? name;
  const strategy = name.split('/')[0]!;
  const values = arms.flatMap(({ layers }) => layers.flatMap((line) => line.map(([, value]) => value)));
  const last = largest(arms.flatMap(({ layers }) => layers.flatMap((line) => line.map(([step]) => step))));
  return {
    id: `parameter-${name.replace('/', '-')}-${contextId(scope)}`,
    title: `${symbol} in training${inContext(scope)}`,
    caption: `${symbol} of ${strategy}, one line per layer, dark for the first to light for the last; mean over seeds, on average ${mean(arms.map(({ layers }) => mean(layers.map((line) => line.at(-1)![1])))).toFixed(3)} at the end.${shown.caption}`,
    alt: `${symbol} over ${last} steps in ${arms.length} arms.`,
    draw: ({ width, narrow, measure }) => {
      const columns = Math.min(narrow ? 2 : 4, arms.length);
      const { panels: places, height } = panels(
        arms.map(({ arm }) => arm),
        {
          width,
          measure,
          columns,
          panelHeight: narrow ? 110 : 140,
          left: narrow ? 50 : 60,
          bottom: 52,
        },
      );
      const range = niceRange(values, 4);
      return {
        height,
        option: {
          title: panelTitles(places),
          grid: panelGrids(places),
          xAxis: places.map((place, i) => stepAxis(place, i, last, narrow)),
          yAxis: places.map((place, i) => valueAxisOf(place, i, range, `${symbol} (${strategy})`)),
          series: arms.flatMap(({ layers }, i) =>
            layers.map((line, l) => ({
              type: 'line',
              xAxisIndex: i,
              yAxisIndex: i,
              silent: true,
              showSymbol: false,
              data: line,
              lineStyle: { color: scaleColour(l / Math.max(1, layers.length - 1)), width: 1.8 },
            })),
          ),
        },
      };
    },
  };
}
