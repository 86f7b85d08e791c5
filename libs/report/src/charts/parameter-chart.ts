import { mean } from '../statistics/index.js';
import type { TrialRecord } from '../results/sweep-results.js';
import type { SweepSummary } from '../summary/index.js';
import { GREEK } from '../tables/routing-table.js';
import { makeChart, niceRange, type Chart } from './chart.js';
import { stepAxis, valueAxisOf } from './curve-chart.js';
import { trainingCurves } from './curves.js';
import { panels, panelTitles } from './panels.js';
import { SEQUENTIAL } from './palette.js';
import { shownArms } from './shown-arms.js';

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
export function parameterChart(
  trials: readonly TrialRecord[],
  name: string,
  summary: SweepSummary,
  context: string,
): Chart | undefined {
  const shown = shownArms(summary, context);
  const arms = summary.arms.flatMap((arm) => {
    if (arm.context !== context || !shown.groups.has(arm.group)) return [];
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
  const last = Math.max(...arms.flatMap(({ layers }) => layers.flatMap((line) => line.map(([step]) => step))));
  return makeChart(
    {
      id: `parameter-${name.replace('/', '-')}-${summary.contexts.indexOf(context)}`,
      title: `${symbol} in training${context ? `, ${context}` : ''}`,
      caption: `${symbol} of ${strategy}, one line per layer, dark for the first to light for the last; mean over seeds, on average ${mean(arms.map(({ layers }) => mean(layers.map((line) => line.at(-1)![1])))).toFixed(3)} at the end.${shown.caption}`,
      alt: `${symbol} over ${last} steps in ${arms.length} arms.`,
    },
    ({ width, narrow }) => {
      const columns = Math.min(narrow ? 2 : 4, arms.length);
      const { panels: places, height } = panels(arms.length, {
        width,
        columns,
        panelHeight: narrow ? 110 : 140,
        left: narrow ? 50 : 60,
        bottom: 52,
      });
      const range = niceRange(values, 4);
      return {
        height,
        option: {
          title: panelTitles(
            arms.map(({ arm }) => arm),
            places,
          ),
          grid: places.map(({ left, top, width: w, height: h }) => ({ left, top, width: w, height: h })),
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
              lineStyle: { color: colourOf(l, layers.length), width: 1.8 },
            })),
          ),
        },
      };
    },
  );
}

/** Along the scale without its palest end, which white swallows. */
function colourOf(layer: number, layers: number): string {
  return SEQUENTIAL[Math.round((layer / Math.max(1, layers - 1)) * (SEQUENTIAL.length - 2))]!;
}
