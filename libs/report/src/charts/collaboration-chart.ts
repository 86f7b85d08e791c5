import { largest } from '@gmoe/core/extremes';
import { AXIS } from './axes.js';
import type { Figure } from './figure.js';
import { shownLayers } from './layer-heat-map.js';
import { CATEGORY_COLOURS, INK, MUTED, SEQUENTIAL, SURFACE } from './palette.js';
import { panelGrids, panels, panelTitles, type Panel } from './panels.js';

/** Co-selection of one trial, to be drawn. */
export interface Collaboration {
  readonly id: string;
  readonly arm: string;
  readonly seed: number;
  /** [L][E][E]: share of tokens whose selected experts hold both. */
  readonly coSelection: readonly (readonly (readonly number[])[])[];
  /** [L][E][E]: 1 where the router's graph joins two experts; absent for routers without a graph. */
  /** Numbers of the layers; default: from 0. */
  readonly layers?: readonly number[];
  readonly edges?: readonly (readonly (readonly number[])[])[];
}

function offDiagonal(matrix: readonly (readonly number[])[]): number[] {
  return matrix.flatMap((row, i) => row.filter((_, j) => j > i));
}

/** Which experts work together: matrix of co-selection, one panel per layer. */
export function coSelectionChart({ id, arm, seed, coSelection, layers: numbers }: Collaboration): Figure | undefined {
  const layers = shownLayers(coSelection.length);
  const experts = largest(
    coSelection.map((matrix) => matrix.length),
    0,
  );
  if (experts < 2) return undefined;
  const most = largest(layers.flatMap((l) => offDiagonal(coSelection[l]!)));
  if (!(most > 0)) return undefined;
  const top = Math.ceil(most * 100);
  return {
    id: `co-selection-${id}`,
    title: `Co-selection, ${arm}`,
    caption: `Seed ${seed}: share of the test set’s tokens that both experts serve, per layer. The diagonal (an expert’s own load) is left out.`,
    alt: `Co-selection of ${experts} experts in ${layers.length} layers.`,
    draw: ({ width, narrow, measure }) => {
      const columns = Math.min(narrow ? 2 : 4, layers.length);
      const side = Math.min(240, (width - 56 - 16 * (columns - 1)) / columns);
      const { panels: places, height } = panels(
        layers.map((l) => `layer ${numbers?.[l] ?? l}`),
        {
          measure,
          width: 56 + 8 + columns * side + 16 * (columns - 1),
          columns,
          panelHeight: side,
          left: 48,
          bottom: 96,
        },
      );
      const names = Array.from({ length: experts }, (_, e) => String(e));
      const axis = (gridIndex: number, show: boolean) => ({
        type: 'category',
        gridIndex,
        data: names,
        ...AXIS,
        axisTick: { show: false },
        axisLabel: { ...AXIS.axisLabel, fontSize: 11, show, hideOverlap: true },
        ...(show ? { name: 'expert', nameLocation: 'middle', nameGap: 24 } : {}),
      });
      return {
        height,
        option: {
          title: panelTitles(places),
          grid: panelGrids(places),
          xAxis: places.map(({ last }, i) => axis(i, last)),
          yAxis: places.map(({ column }, i) => ({ ...axis(i, column === 0), inverse: true })),
          visualMap: {
            min: 0,
            max: top,
            calculable: false,
            orient: 'horizontal',
            left: 'center',
            bottom: 4,
            itemHeight: narrow ? 140 : 220,
            itemWidth: 12,
            text: [`${top} % of tokens`, '0 %'],
            textStyle: { color: MUTED, fontSize: 12 },
            inRange: { color: [...SEQUENTIAL] },
          },
          series: layers.map((l, i) => ({
            type: 'heatmap',
            xAxisIndex: i,
            yAxisIndex: i,
            data: coSelection[l]!.flatMap((row, a) =>
              row.flatMap((share, b) =>
                a === b
                  ? []
                  : [
                      {
                        value: [b, a, 100 * share],
                        tip: `experts ${a} and ${b}\n${(100 * share).toFixed(1)} % of the tokens`,
                      },
                    ],
              ),
            ),
          })),
        },
      };
    },
  };
}

/** The collaboration graph: experts on a circle, sized by load, joined by lines as thick as they are chosen together. */
export function collaborationChart({
  id,
  arm,
  seed,
  coSelection,
  edges,
  layers: numbers,
}: Collaboration): Figure | undefined {
  const layers = shownLayers(coSelection.length);
  const experts = largest(
    coSelection.map((matrix) => matrix.length),
    0,
  );
  if (experts < 2) return undefined;
  const edgeMost = largest(layers.flatMap((l) => offDiagonal(coSelection[l]!)));
  const nodeMost = largest(layers.flatMap((l) => coSelection[l]!.map((row, e) => row[e] ?? 0)));
  if (!(edgeMost > 0) || !(nodeMost > 0)) return undefined;
  return {
    id: `collaboration-${id}`,
    title: `Collaboration graph, ${arm}`,
    caption:
      `Seed ${seed}: every circle is an expert, its area the share of tokens it serves (largest ${(100 * nodeMost).toFixed(0)} %); ` +
      `orange lines are as wide as the share of tokens that both serve (widest ${(100 * edgeMost).toFixed(0)} %).` +
      (edges
        ? ` Dotted: the edges of the router’s graph, ${edges.map(countEdges).join(', ')}${edges.length > 1 ? ` in the layers 0 to ${edges.length - 1}` : ''}.`
        : ''),
    alt: `Collaboration graph of ${experts} experts in ${layers.length} layers.`,
    draw: ({ width, narrow, measure }) => {
      const columns = Math.min(narrow ? 2 : 4, layers.length);
      const side = Math.min(230, (width - 16 * (columns - 1)) / columns);
      const { panels: places, height } = panels(
        layers.map((l) => `layer ${numbers?.[l] ?? l}`),
        {
          measure,
          width: 8 + columns * side + 16 * (columns - 1),
          columns,
          panelHeight: side,
          left: 0,
          bottom: 8,
        },
      );
      return {
        height,
        option: {
          title: panelTitles(places.map((place) => ({ ...place, left: place.left + 6 }))),
          series: layers.map((l, i) => circle(coSelection[l]!, edges?.[l], places[i]!, edgeMost, nodeMost, narrow)),
        },
      };
    },
  };
}

function countEdges(edges: readonly (readonly number[])[]): number {
  return offDiagonal(edges).filter((joined) => joined > 0).length;
}

function circle(
  matrix: readonly (readonly number[])[],
  edges: readonly (readonly number[])[] | undefined,
  { left, top, width, height }: Panel,
  edgeMost: number,
  nodeMost: number,
  narrow: boolean,
): Record<string, unknown> {
  const experts = matrix.length;
  const largest = Math.min(narrow ? 26 : 36, (Math.PI * width * 0.6) / experts);
  // The number must fit in, also for an expert that nobody uses.
  const smallest = Math.min(largest, narrow ? 13 : 16);
  const angle = (e: number) => (2 * Math.PI * e) / experts - Math.PI / 2;
  const margin = largest / 2 + 4;
  const radius = width / 2 - margin;
  return {
    type: 'graph',
    layout: 'none',
    silent: true,
    left: left + margin,
    top: top + margin,
    width: width - 2 * margin,
    height: height - 2 * margin,
    data: matrix.map((row, e) => ({
      name: String(e),
      // In pixels: echarts rounds the ends of level and upright lines to whole units.
      x: radius * Math.cos(angle(e)),
      y: radius * Math.sin(angle(e)),
      symbolSize: Math.max(smallest, largest * Math.sqrt((row[e] ?? 0) / nodeMost)),
      itemStyle: { color: CATEGORY_COLOURS[0], borderColor: SURFACE, borderWidth: 1 },
      label: {
        show: smallest >= 12,
        color: '#ffffff',
        fontSize: narrow ? 9 : 11,
        position: 'inside',
        formatter: String(e),
      },
    })),
    links: matrix.flatMap((row, a) =>
      row.flatMap((share, b) => [
        ...(b > a && share > 0
          ? [
              line(a, b, {
                color: CATEGORY_COLOURS[1],
                width: Math.max(0.3, (8 * share) / edgeMost),
                opacity: 0.15 + (0.6 * share) / edgeMost,
              }),
            ]
          : []),
        ...(b > a && (edges?.[a]?.[b] ?? 0) > 0
          ? [line(a, b, { color: INK, width: 1.5, type: [2, 3], opacity: 1 })]
          : []),
      ]),
    ),
    edgeLabel: { show: false },
  };
}

function line(source: number, target: number, lineStyle: Record<string, unknown>): Record<string, unknown> {
  return { source, target, lineStyle };
}
