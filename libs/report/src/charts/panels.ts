import { INK } from './palette.js';

/** Where the panels of a chart of small multiples lie, in pixels. */
export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly column: number;
  /** Whether no panel lies below it: axes are named there. */
  readonly last: boolean;
}

export interface PanelOptions {
  readonly width: number;
  readonly columns: number;
  readonly panelHeight: number;
  readonly left: number;
  readonly bottom: number;
  readonly gapX?: number;
  readonly gapY?: number;
}

const TITLE_HEIGHT = 36;

/** A grid of equal panels, filled row by row, with room for a title over each. */
export function panels(count: number, options: PanelOptions): { panels: Panel[]; height: number } {
  const { width, columns, panelHeight, left, bottom, gapX = 16, gapY = 10 } = options;
  const inner = (width - left - 8 - gapX * (columns - 1)) / columns;
  const rows = Math.ceil(count / columns);
  const list = Array.from({ length: count }, (_, i): Panel => {
    const column = i % columns;
    const row = Math.floor(i / columns);
    return {
      left: left + column * (inner + gapX),
      top: TITLE_HEIGHT + row * (panelHeight + TITLE_HEIGHT + gapY),
      width: inner,
      height: panelHeight,
      column,
      last: i + columns >= count,
    };
  });
  return { panels: list, height: rows * (panelHeight + TITLE_HEIGHT + gapY) - gapY + bottom };
}

/** Titles over panels, broken to their width. */
export function panelTitles(names: readonly string[], places: readonly Panel[]): Record<string, unknown>[] {
  return names.map((name, i) => {
    const { left, top, width } = places[i]!;
    return {
      text: name,
      left: left - 2,
      top: top - 8,
      textVerticalAlign: 'bottom',
      padding: 0,
      textStyle: { color: INK, fontSize: 12, fontWeight: 600, width: 0.86 * width, overflow: 'break', lineHeight: 14 },
    };
  });
}
