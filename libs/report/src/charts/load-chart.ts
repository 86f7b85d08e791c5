import { largest } from '@gmoe/core/extremes';
import { AXIS } from './axes.js';
import { bestArms, MOST_PANELS } from './best-arms.js';
import type { Figure } from './figure.js';
import { INK, MUTED, SEQUENTIAL } from './palette.js';
import { panelGrids, panels, panelTitles } from './panels.js';
import { contextId, inContext, type ChartScope } from './scope.js';

/** Share of a layer's assignments per expert, one heatmap per arm. */
export function loadChart(scope: ChartScope, most = MOST_PANELS): Figure | undefined {
  const shown = bestArms(
    { ...scope, arms: scope.arms.filter(({ load }) => load !== null) },
    Math.min(most, MOST_PANELS),
  );
  const arms = shown.arms.map((arm) => ({ name: arm.arm, load: arm.load! }));
  if (arms.length === 0) return undefined;
  const busiest = largest(arms.flatMap(({ load }) => load.share.flat()));
  const top = Math.ceil(busiest * 20) * 5;
  const layers = largest(arms.map(({ load }) => load.share.length));
  const experts = largest(arms.flatMap(({ load }) => load.share.map((row) => row.length)));
  const sorted = arms.some(({ load }) => load.sorted);
  return {
    id: `load-${contextId(scope)}`,
    title: `Expert load${inContext(scope)}`,
    caption:
      `Share of a layer’s assignments (one for each expert of a token) that each expert carries; an even load would be ${(100 / experts).toFixed(1)} % everywhere.` +
      (sorted
        ? ' Experts of a layer are sorted by load before averaging over seeds: expert 3 of one seed is not expert 3 of another.'
        : '') +
      shown.caption,
    alt: `Expert load of ${arms.length} arms; the busiest expert carries ${(100 * busiest).toFixed(0)} %.`,
    draw: ({ width, narrow, measure }) => {
      const columns = Math.min(narrow ? 2 : 4, arms.length);
      const panelHeight = Math.max(60, Math.min(narrow ? 220 : 320, layers * (narrow ? 20 : 28)));
      const { panels: places, height } = panels(
        arms.map(({ name }) => name),
        {
          width,
          measure,
          columns,
          panelHeight,
          left: narrow ? 34 : 56,
          bottom: 96,
        },
      );
      const cell = places[0]!.width / experts;
      const written = cell >= 20 && panelHeight / layers >= 14;
      return {
        height,
        option: {
          title: panelTitles(places),
          grid: panelGrids(places),
          xAxis: places.map(({ last }, gridIndex) => ({
            type: 'category',
            gridIndex,
            data: Array.from({ length: experts }, (_, e) => String(sorted ? e + 1 : e)),
            ...AXIS,
            axisTick: { show: false },
            axisLabel: { ...AXIS.axisLabel, fontSize: 11, show: last, hideOverlap: true },
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
            axisLabel: { ...AXIS.axisLabel, fontSize: 11, show: column === 0, hideOverlap: true },
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
            data: load.share.flatMap((row, l) =>
              row.map((share, e) => ({
                value: [e, l, 100 * share],
                tip: `layer ${l}, ${sorted ? 'rank' : 'expert'} ${sorted ? e + 1 : e}\n${(100 * share).toFixed(1)} % of the assignments`,
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
  };
}

/** On the light end of the scale; not the ink that dark mode swaps. */
const INK_ON_LIGHT = `${INK.slice(0, -1)}8`;
