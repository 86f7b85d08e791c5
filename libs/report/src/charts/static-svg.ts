import { BarChart, CustomChart, GraphChart, HeatmapChart, LineChart, ScatterChart } from 'echarts/charts';
import {
  GraphicComponent,
  GridComponent,
  MarkLineComponent,
  TitleComponent,
  VisualMapComponent,
} from 'echarts/components';
import { init, use } from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { SVGRenderer } from 'echarts/renderers';
import { FONT, type Canvas, type Drawing, type Figure } from './figure.js';
import { INK } from './palette.js';
import { estimateWidth } from './text-layout.js';

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

const WIDE: Canvas = { width: 960, narrow: false, measure: estimateWidth };
const NARROW: Canvas = { width: 358, narrow: true, measure: estimateWidth };

/** A figure as text, drawn for a desktop. */
export function wideSvg(figure: Figure): string {
  return svg(figure, WIDE);
}

/** The same for a phone, since a wide one shrunk to it cannot be read. */
export function narrowSvg(figure: Figure): string {
  return svg(figure, NARROW);
}

function svg({ id, alt, draw }: Figure, canvas: Canvas): string {
  const { option, height }: Drawing = draw(canvas);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: canvas.width, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: FONT, color: INK }, ...option });
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
