import { largest } from '@gmoe/core/extremes';
import { AXIS } from './axes.js';
import type { Canvas, Drawing } from './figure.js';
import { MUTED, SEQUENTIAL } from './palette.js';
import { panelGrids, panels, panelTitles } from './panels.js';

/** Heat maps side by side, one per layer, on one scale of colour. */
export interface LayerHeatMap {
  /** Layers that get a panel, with their values [rows][columns] in percent. */
  readonly layers: readonly { readonly layer: number; readonly values: readonly (readonly number[])[] }[];
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly rowName: string;
  readonly columnName: string;
  /** Pixels that the row names need. */
  readonly left: number;
  readonly rowHeight: number;
  readonly scale: string;
  /** Titles of the panels; default: `layer N`. */
  readonly titles?: readonly string[];
}

export function drawLayerHeatMap(map: LayerHeatMap, { width, narrow, measure }: Canvas): Drawing {
  const count = map.layers.length;
  const columns = Math.min(narrow ? 1 : 4, count);
  const { panels: places, height } = panels(map.titles ?? map.layers.map(({ layer }) => `layer ${layer}`), {
    width,
    measure,
    columns,
    panelHeight: Math.max(60, map.rowHeight * map.rows.length),
    left: map.left,
    bottom: 96,
  });
  const top = Math.max(
    1,
    Math.ceil(
      largest(
        map.layers.flatMap(({ values }) => values.flat()),
        0,
      ),
    ),
  );
  const axis = (gridIndex: number, data: readonly string[], name: string, show: boolean, gap: number) => ({
    type: 'category',
    gridIndex,
    data,
    ...AXIS,
    axisTick: { show: false },
    axisLabel: { ...AXIS.axisLabel, fontSize: 11, show, hideOverlap: true },
    ...(show && name ? { name, nameLocation: 'middle', nameGap: gap } : {}),
  });
  return {
    height,
    option: {
      title: panelTitles(places),
      grid: panelGrids(places),
      xAxis: places.map(({ last }, i) => axis(i, map.columns, map.columnName, last, 24)),
      yAxis: places.map(({ column }, i) => ({
        ...axis(i, map.rows, map.rowName, column === 0, map.left - 18),
        inverse: true,
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
        text: [`${top} % ${map.scale}`, '0 %'],
        textStyle: { color: MUTED, fontSize: 12 },
        inRange: { color: [...SEQUENTIAL] },
      },
      series: map.layers.map(({ values }, i) => ({
        type: 'heatmap',
        xAxisIndex: i,
        yAxisIndex: i,
        data: values.flatMap((row, y) =>
          row.map((value, x) => ({
            value: [x, y, value],
            tip: `${map.rowName} ${map.rows[y]!}, ${map.columnName} ${map.columns[x]!}\n${value.toFixed(1)} %`.trim(),
          })),
        ),
      })),
    },
  };
}

const MOST_LAYERS = 8;

/** All layers, or of many eight from the first to the last. */
export function shownLayers(count: number): number[] {
  if (count <= MOST_LAYERS) return Array.from({ length: count }, (_, l) => l);
  return Array.from({ length: MOST_LAYERS }, (_, i) => Math.round((i * (count - 1)) / (MOST_LAYERS - 1)));
}
