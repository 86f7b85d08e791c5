import { BarChart, CustomChart, GraphChart, HeatmapChart, LineChart, ScatterChart } from 'echarts/charts';
import {
  GraphicComponent,
  GridComponent,
  MarkLineComponent,
  TitleComponent,
  VisualMapComponent,
} from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { SVGRenderer } from 'echarts/renderers';
import type { Unit } from '../summary/metric-catalog.js';
import { CATEGORY_COLOURS, INK, MUTED, RULE } from './palette.js';

use([
  BarChart,
  CustomChart,
  GraphChart,
  HeatmapChart,
  LineChart,
  ScatterChart,
  GraphicComponent,
  GridComponent,
  MarkLineComponent,
  TitleComponent,
  VisualMapComponent,
  LabelLayout,
  SVGRenderer,
]);

/** A chart as two drawings, since a wide one shrunk to a phone cannot be read. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  /** What is drawn, with what the marks mean. */
  readonly caption: string;
  /** One sentence for who cannot see it. */
  readonly alt: string;
  readonly wide: string;
  readonly narrow: string;
}

/** A size to draw for. */
export interface Canvas {
  readonly width: number;
  readonly narrow: boolean;
}

const WIDE: Canvas = { width: 960, narrow: false };
const NARROW: Canvas = { width: 358, narrow: true };

export const FONT = 'system-ui, -apple-system, Roboto, Helvetica, Arial, sans-serif';

export interface Drawing {
  readonly option: EChartsCoreOption;
  readonly height: number;
}

/** Draws a chart for desktop and phone. */
export function makeChart(
  words: Pick<Chart, 'id' | 'title' | 'caption' | 'alt'>,
  draw: (canvas: Canvas) => Drawing,
): Chart {
  return { ...words, wide: svg(words, draw(WIDE), WIDE), narrow: svg(words, draw(NARROW), NARROW) };
}

function svg({ id, alt }: Pick<Chart, 'id' | 'alt'>, { option, height }: Drawing, canvas: Canvas): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: canvas.width, height });
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: FONT, color: INK },
      ...option,
    });
    const name = `${id}-${canvas.narrow ? 'n' : 'w'}`;
    const text = slimmed(uniqueIds(chart.renderToSVGString({ useViewBox: true }), name));
    return text.replace(/^<svg /, `<svg role="img" aria-label="${escapeAttribute(alt)}" font-family="${FONT}" `);
  } finally {
    chart.dispose();
  }
}

/** zrender numbers ids by process: the same chart must give the same text, and two charts on one page other ids. */
function uniqueIds(text: string, prefix: string): string {
  return text.replace(/\bzr\d+-/g, `${prefix}-`);
}

/** Takes out what repeats on every element and does nothing in a still picture; the root carries the font. */
function slimmed(text: string): string {
  return text
    .replaceAll(`font-family:${FONT};`, '')
    .replaceAll(' xml:space="preserve"', '')
    .replaceAll(' pointer-events="visible"', '')
    .replace(/ ecmeta_[a-z_]+="[^"]*"/g, '')
    .replace(/ class="[^"]*-cls-\d+"/g, '')
    .replace(/<style[^>]*>[\s\S]*?<\/style>/g, '')
    .replace(/<path d="[^"]*"(?: transform="[^"]*")? fill="none"><\/path>\n?/g, '');
}

function escapeAttribute(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}

/** The style that all value axes share. */
export const AXIS = {
  nameTextStyle: { color: MUTED, fontSize: 12 },
  axisLabel: { color: MUTED, fontSize: 12 },
  axisLine: { lineStyle: { color: RULE } },
  axisTick: { lineStyle: { color: RULE } },
  splitLine: { lineStyle: { color: RULE, width: 1 } },
} as const;

/** A value axis with its name in the middle. */
export function valueAxis(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: 'value', ...AXIS, name, nameLocation: 'middle', nameGap: 30, ...more };
}

/** A category axis of arm names, first on top, names broken to the width. */
export function armAxis(names: readonly string[], width: number): Record<string, unknown> {
  return {
    type: 'category',
    data: names,
    inverse: true,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: INK, fontSize: 13, width, overflow: 'break', lineHeight: 15, interval: 0, margin: 12 },
  };
}

/** A round step of about `count` steps over the span: 1, 2 or 5 times a power of ten. */
export function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

/** Range of an axis around values, on round steps; within bounds that values cannot cross, e.g. 0 and 100 %. */
export function niceRange(
  values: readonly number[],
  count = 6,
  bounds: readonly [number, number] = [-Infinity, Infinity],
): { min: number; max: number; interval: number } {
  const low = Math.max(bounds[0], Math.min(...values));
  const high = Math.min(bounds[1], Math.max(...values));
  const interval = niceStep(high > low ? high - low : Math.abs(high) || 1, count);
  const round = (v: number) => Number(v.toPrecision(12));
  return {
    min: round(Math.floor(low / interval) * interval),
    max: round(Math.ceil(high / interval) * interval),
    interval,
  };
}

/** Bounds of a metric as it is drawn: percents end at 0 and 100, though a t interval may not. */
export function boundsOf(unit: Unit): readonly [number, number] {
  return unit === 'percent' ? [0, 100] : [-Infinity, Infinity];
}

/** Keys of lines, one below the other from the top of the chart. */
export function lineKeys(names: readonly string[], left: number): Record<string, unknown>[] {
  return names.flatMap((name, i) => {
    const y = 12 + 22 * i;
    const stroke = CATEGORY_COLOURS[i % CATEGORY_COLOURS.length];
    return [
      { type: 'line', silent: true, shape: { x1: left, y1: y, x2: left + 24, y2: y }, style: { stroke, lineWidth: 3 } },
      {
        type: 'text',
        silent: true,
        x: left + 32,
        y,
        style: { text: name, fill: INK, fontSize: 12, fontFamily: FONT, verticalAlign: 'middle' },
      },
    ];
  });
}
