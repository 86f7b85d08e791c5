import { largest } from '@gmoe/core/extremes';
import { INK } from './palette.js';
import { wrapText, type MeasureText } from './text-layout.js';

/** Where the panels of a chart of small multiples lie, in pixels. */
export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly column: number;
  /** Whether no panel lies below it: axes are named there. */
  readonly last: boolean;
  /** Its title, broken to its width. */
  readonly title: string;
}

export interface PanelOptions {
  readonly width: number;
  readonly columns: number;
  readonly panelHeight: number;
  readonly left: number;
  readonly bottom: number;
  readonly measure: MeasureText;
  readonly gapX?: number;
  readonly gapY?: number;
}

const SIZE = 12;
const LINE = 14;

/** A grid of equal panels, filled row by row, with room over each for its whole title. */
export function panels(titles: readonly string[], options: PanelOptions): { panels: Panel[]; height: number } {
  const { width, columns, panelHeight, left, bottom, measure, gapX = 16, gapY = 10 } = options;
  const inner = (width - left - 8 - gapX * (columns - 1)) / columns;
  const wrapped = titles.map((title) => wrapText(title, inner - 4, SIZE * 1.06, measure));
  const rows = Math.ceil(titles.length / columns);
  const titleHeights = Array.from(
    { length: rows },
    (_, row) =>
      10 +
      LINE *
        largest(
          wrapped.slice(row * columns, (row + 1) * columns).map(({ length }) => length),
          1,
        ),
  );
  const tops: number[] = [];
  let y = 0;
  for (const titleHeight of titleHeights) {
    tops.push(y + titleHeight);
    y += titleHeight + panelHeight + gapY;
  }
  const list = titles.map((_, i): Panel => {
    const column = i % columns;
    return {
      left: left + column * (inner + gapX),
      top: tops[Math.floor(i / columns)]!,
      width: inner,
      height: panelHeight,
      column,
      last: i + columns >= titles.length,
      title: wrapped[i]!.join('\n'),
    };
  });
  return { panels: list, height: y - gapY + bottom };
}

/** Titles over panels. */
export function panelTitles(places: readonly Panel[]): Record<string, unknown>[] {
  return places.map(({ left, top, title }) => ({
    text: title,
    left: left - 2,
    top: top - 6,
    textVerticalAlign: 'bottom',
    padding: 0,
    textStyle: { color: INK, fontSize: SIZE, fontWeight: 600, lineHeight: LINE },
  }));
}

/** The grids of panels. */
export function panelGrids(places: readonly Panel[]): Record<string, unknown>[] {
  return places.map(({ left, top, width, height }) => ({ left, top, width, height }));
}
