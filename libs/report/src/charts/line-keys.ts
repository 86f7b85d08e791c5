import { FONT, type Canvas } from './figure.js';
import { CATEGORY_COLOURS, INK } from './palette.js';
import { wrapText } from './text-layout.js';

const LINE = 15;

/** Keys of lines, one below the other from the top of the chart, and the pixels that they take. */
export function lineKeys(
  names: readonly string[],
  left: number,
  { width, measure }: Canvas,
): { readonly graphic: Record<string, unknown>[]; readonly height: number } {
  let y = 6;
  const graphic = names.flatMap((name, i) => {
    const lines = wrapText(name, width - left - 40, 12, measure);
    const top = y;
    y += LINE * lines.length + 6;
    const middle = top + LINE / 2;
    const stroke = CATEGORY_COLOURS[i % CATEGORY_COLOURS.length];
    return [
      {
        type: 'line',
        silent: true,
        shape: { x1: left, y1: middle, x2: left + 24, y2: middle },
        style: { stroke, lineWidth: 3 },
      },
      {
        type: 'text',
        silent: true,
        x: left + 32,
        y: top,
        style: { text: lines.join('\n'), fill: INK, fontSize: 12, lineHeight: LINE, fontFamily: FONT },
      },
    ];
  });
  return { graphic, height: y };
}
