import type { SweepSummary } from '../summary/index.js';
import { AXIS, makeChart, type Chart } from './chart.js';
import { INK, MUTED, SEQUENTIAL } from './palette.js';
import { shownArms } from './shown-arms.js';
import { panels, panelTitles } from './panels.js';

/** Share of a layer's assignments per expert, one heatmap per arm. */
export function loadChart(summary: SweepSummary, context: string): Chart | undefined {
  const shown = shownArms(summary, context);
  const arms = summary.arms.flatMap((arm) =>
    shown.groups.has(arm.group) && arm.load ? [{ name: arm.arm, load: arm.load }] : [],
  );
  if (arms.length === 0) return undefined;
  const most = Math.max(...arms.flatMap(({ load }) => load.share.flat()));
  const top = Math.ceil(most * 20) * 5;
  const layers = Math.max(...arms.map(({ load }) => load.share.length));
  const experts = Math.max(...arms.flatMap(({ load }) => load.share.map((row) => row.length)));
  const sorted = arms.some(({ load }) => load.sorted);
  return makeChart(
    {
      id: `load-${summary.contexts.indexOf(context)}`,
      title: `Expert load${context ? `, ${context}` : ''}`,
      caption:
        `Share of a layer’s assignments (one for each expert of a token) that each expert carries; an even load would be ${(100 / experts).toFixed(1)} % everywhere.` +
        (sorted
          ? ' Experts of a layer are sorted by load before averaging over seeds: expert 3 of one seed is not expert 3 of another.'
          : '') +
        shown.caption,
      alt: `Expert load of ${arms.length} arms; the busiest expert carries ${(100 * most).toFixed(0)} %.`,
    },
    ({ width, narrow }) => {
      const columns = Math.min(narrow ? 2 : 4, arms.length);
      const panelHeight = Math.max(60, Math.min(narrow ? 220 : 320, layers * (narrow ? 20 : 28)));
      const { panels: places, height } = panels(arms.length, {
        width,
        columns,
        panelHeight,
        left: narrow ? 34 : 56,
        bottom: 96,
      });
      const cell = places[0]!.width / experts;
      const written = cell >= 20 && panelHeight / layers >= 14;
      return {
        height,
        option: {
          title: panelTitles(
            arms.map(({ name }) => name),
            places,
          ),
          grid: places.map(({ left, top: t, width: w, height: h }) => ({ left, top: t, width: w, height: h })),
          xAxis: places.map(({ last }, gridIndex) => ({
            type: 'category',
            gridIndex,
            data: Array.from({ length: experts }, (_, e) => String(e + 1)),
            ...AXIS,
            axisTick: { show: false },
            axisLabel: { ...AXIS.axisLabel, fontSize: 11, show: last },
            ...(last
              ? {
                  name: sorted ? (narrow ? 'rank of expert' : 'expert, busiest first') : 'expert',
                  nameLocation: 'middle',
                  nameGap: 24,
                }
              : {}),
          })),
          yAxis: places.map(({ column }, gridIndex) => ({
            type: 'category',
            gridIndex,
            inverse: true,
            data: Array.from({ length: layers }, (_, l) => String(l)),
            ...AXIS,
            axisTick: { show: false },
            axisLabel: { ...AXIS.axisLabel, fontSize: 11, show: column === 0 },
            ...(column === 0 ? { name: 'layer', nameLocation: 'middle', nameGap: 22 } : {}),
          })),
          visualMap: {
            type: 'continuous',
            min: 0,
            max: top,
            calculable: false,
            orient: 'horizontal',
            left: 'center',
            bottom: 4,
            itemHeight: narrow ? 140 : 220,
            itemWidth: 12,
            text: [`${top} %`, '0 %'],
            textStyle: { color: MUTED, fontSize: 12 },
            inRange: { color: [...SEQUENTIAL] },
          },
          series: arms.map(({ load }, i) => ({
            type: 'heatmap',
            xAxisIndex: i,
            yAxisIndex: i,
            silent: true,
            data: load.share.flatMap((row, l) =>
              row.map((share, e) => ({
                value: [e, l, 100 * share],
                label: { color: share * 100 > 0.55 * top ? INK_ON_LIGHT : '#ffffff' },
              })),
            ),
            label: {
              show: written,
              fontSize: narrow ? 9 : 11,
              formatter: ({ value }: { value: number[] }) => value[2]!.toFixed(0),
            },
          })),
        },
      };
    },
  );
}

/** On the light end of the scale; not the ink that dark mode swaps. */
const INK_ON_LIGHT = `${INK.slice(0, -1)}8`;
