import { FONT, NARROW_BELOW, type Figure } from '../charts/figure.js';
import { INK } from '../charts/palette.js';
import type { MeasureText } from '../charts/text-layout.js';
import { init, type ECharts } from './echarts.js';
import { element } from './element.js';
import { hurry } from './later.js';

/** Content width of a printed A4 page, CSS pixels. */
const PRINT_WIDTH = 690;

/** What a sheet has room for beside title and caption. */
const PRINT_HEIGHT = 820;

const context2d = document.createElement('canvas').getContext('2d')!;

const widths = new Map<string, number>();
let fontSize = 0;

/** Width of a text as this browser sets it, with a little room for the renderer's own rounding. */
export const measureText: MeasureText = (text, size) => {
  const key = `${size} ${text}`;
  let found = widths.get(key);
  if (found === undefined) {
    if (size !== fontSize) context2d.font = `${size}px ${FONT}`;
    fontSize = size;
    found = context2d.measureText(text).width * 1.02 + 1;
    widths.set(key, found);
  }
  return found;
};

const all = new Set<LiveFigure>();
let printing = false;

/** Whether the page is being laid out for paper. */
export function isPrinting(): boolean {
  return printing;
}

/** Of a figure with rows the one with as many as a sheet of paper holds. */
export function tallestOnPaper(make: (rows: number) => Figure | undefined, room = PRINT_HEIGHT): Figure | undefined {
  for (const rows of [26, 20, 15, 11, 8, 6]) {
    const figure = make(rows);
    const canvas = { width: PRINT_WIDTH, narrow: false, measure: measureText, paper: true };
    if (!figure || figure.draw(canvas).height <= room) return figure;
  }
  return make(4);
}

/** A figure in the page: drawn when it comes into sight, again when what it shows or its width changes. */
export class LiveFigure {
  readonly node: HTMLElement;
  private readonly title = element('h3');
  private readonly host = element('div', { class: 'chart' });
  private readonly caption = element('figcaption');
  private chart: ECharts | undefined;
  private inSight = false;
  private stale = true;
  private drawnWidth = 0;

  /** @param make the figure at this moment; undefined if there is nothing to draw */
  constructor(
    private readonly make: () => Figure | undefined,
    private readonly onDraw?: (chart: ECharts) => void,
  ) {
    this.node = element('figure', { class: 'live' }, this.title, this.host, this.caption);
    this.host.style.minHeight = '260px';
    // A heading without words is none.
    this.title.hidden = true;
    sight.observe(this.node);
    width.observe(this.node);
    figures.set(this.node, this);
    all.add(this);
  }

  update(): void {
    this.stale = true;
    // What is hidden for lack of data is never in sight.
    if (this.inSight || this.node.hidden || printing) this.draw();
  }

  seen(inSight: boolean): void {
    this.inSight = inSight;
    if (inSight && this.stale) this.draw();
  }

  resized(): void {
    const now = this.node.clientWidth;
    if (now === 0 || Math.abs(now - this.drawnWidth) < 2 || printing) return;
    this.update();
  }

  draw(): void {
    const figure = this.make();
    this.node.hidden = figure === undefined;
    if (!figure) return;
    const across = printing ? PRINT_WIDTH : Math.floor(this.node.clientWidth);
    if (across <= 0) return;
    this.stale = false;
    this.drawnWidth = across;
    this.node.id = figure.id;
    this.title.textContent = figure.title;
    this.title.hidden = false;
    this.caption.textContent = figure.caption;
    const drawing = figure.draw({
      width: across,
      narrow: across < NARROW_BELOW,
      measure: measureText,
      paper: printing,
    });
    const { option, height, width: wide = across } = drawing;
    this.host.style.minHeight = '';
    this.host.style.height = `${height}px`;
    this.chart ??= init(this.host, null, { renderer: 'svg', width: wide, height });
    this.chart.resize({ width: wide, height });
    this.host.style.overflowX = wide > across ? 'auto' : '';
    if (wide > across) this.host.tabIndex = 0;
    this.chart.setOption(
      { animation: false, textStyle: { fontFamily: FONT, color: INK }, tooltip: TOOLTIP, ...option },
      { notMerge: true },
    );
    const svg = this.host.querySelector('svg');
    svg?.setAttribute('role', 'img');
    svg?.setAttribute('aria-label', figure.alt);
    this.onDraw?.(this.chart);
  }
}

const figures = new Map<Element, LiveFigure>();

const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) figures.get(target)?.seen(isIntersecting);
  },
  { rootMargin: '400px' },
);

const width = new ResizeObserver((entries) => {
  for (const { target } of entries) figures.get(target)?.resized();
});

/** Hovering shows an item's `tip`, as text. */
export const TOOLTIP = {
  trigger: 'item',
  confine: true,
  className: 'tip',
  backgroundColor: 'transparent',
  borderWidth: 0,
  padding: 0,
  transitionDuration: 0,
  formatter: ({ data }: { data?: { tip?: string } }) => (data?.tip === undefined ? '' : tipHtml(data.tip)),
} as const;

/** The first line bold; everything escaped. */
export function tipHtml(tip: string): string {
  const [first, ...rest] = tip.split('\n').map(escaped);
  return [`<b>${first!}</b>`, ...rest].join('<br>');
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** For paper every chart is drawn, at the paper's width, and everything that is folded is opened. */
export function drawForPrint(): void {
  const opened: HTMLDetailsElement[] = [];
  window.addEventListener('beforeprint', () => {
    printing = true;
    hurry();
    for (const details of document.querySelectorAll('details')) {
      if (details.open) continue;
      opened.push(details);
      details.open = true;
    }
    for (const figure of all) figure.draw();
  });
  window.addEventListener('afterprint', () => {
    printing = false;
    for (const details of opened.splice(0)) details.open = false;
    for (const figure of all) figure.update();
  });
}
