import type { MeasureText } from './text-layout.js';

/** A chart before it is drawn: the words around it, and what to draw on a canvas of some size. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  /** What is drawn, with what the marks mean. */
  readonly caption: string;
  /** One sentence for who cannot see it. */
  readonly alt: string;
  readonly draw: (canvas: Canvas) => Drawing;
}

/** A size to draw for. */
export interface Canvas {
  readonly width: number;
  readonly narrow: boolean;
  readonly measure: MeasureText;
  /** Whether it is a sheet of paper. */
  readonly paper?: boolean;
}

/** Height of a plot; on paper two with their captions share a sheet. */
export function plotHeight({ narrow, paper }: Canvas, phone: number, screen: number): number {
  return narrow ? phone : paper ? Math.min(270, screen) : screen;
}

export interface Drawing {
  /** An option of ECharts. Data items may carry `tip`, lines of text to show on hover. */
  readonly option: Readonly<Record<string, unknown>>;
  readonly height: number;
  /** Width, if the canvas has too little for it: the drawing is then scrolled sideways. */
  readonly width?: number;
}

export const FONT = 'system-ui, -apple-system, Roboto, Helvetica, Arial, sans-serif';

/** Below this a chart is drawn for a phone. */
export const NARROW_BELOW = 560;
