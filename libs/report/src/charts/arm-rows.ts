import { largest } from '@gmoe/core/extremes';
import type { Canvas } from './figure.js';
import { INK } from './palette.js';
import { widest, wrapText } from './text-layout.js';

const SIZE = 13;
const LINE = 15;

/** Rows of arms one below the other, each as high as its name needs: no name is cut, and no two overlap. */
export interface ArmRows {
  /** Pixels that the names take. */
  readonly left: number;
  /** Middle of each row on the y axis, in pixels from the top of the plot. */
  readonly centres: readonly number[];
  readonly height: number;
  /** The y axis: names at the middles of their rows. */
  readonly axis: Record<string, unknown>;
}

export function armRows(names: readonly string[], canvas: Canvas, least = 30): ArmRows {
  const room = canvas.narrow ? 0.36 * canvas.width : Math.min(380, 0.34 * canvas.width);
  const wrapped = names.map((name) => wrapText(name, room, SIZE, canvas.measure));
  const left =
    Math.ceil(
      largest(
        wrapped.map((lines) => widest(lines, SIZE, canvas.measure)),
        40,
      ),
    ) + 4;
  const centres: number[] = [];
  let height = 0;
  for (const lines of wrapped) {
    const row = Math.max(least, LINE * lines.length + 8);
    centres.push(height + row / 2);
    height += row;
  }
  const texts = new Map(centres.map((centre, i) => [centre, wrapped[i]!.join('\n')]));
  return {
    left,
    centres,
    height,
    axis: {
      type: 'value',
      inverse: true,
      min: 0,
      max: height,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: {
        color: INK,
        fontSize: SIZE,
        lineHeight: LINE,
        margin: 12,
        customValues: centres,
        hideOverlap: false,
        formatter: (value: number) => texts.get(value) ?? '',
      },
    },
  };
}
