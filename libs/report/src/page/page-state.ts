import { armColours, colourAxes, coloursByAxis, coloursByNumber, type ArmColours } from '../charts/arm-colours.js';
import { chartScope, type ChartScope } from '../charts/scope.js';
import type { PageDocument } from '../page-data/page-document.js';
import type { ArmSummary } from '../summary/index.js';

export type ArmOrder = 'sweep' | 'best';

/** What is switched on in the page, which every chart follows. */
export class PageState {
  /** Groups of the arms that are switched on. */
  readonly shown: Set<string>;
  order: ArmOrder;
  private colourAxis = '';
  private readonly listeners: (() => void)[] = [];
  private pending = false;

  constructor(readonly document: PageDocument) {
    this.shown = new Set(document.summary.arms.map(({ group }) => group));
    this.order = document.summary.arms.length > 12 ? 'best' : 'sweep';
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Tells the charts, once for all changes of a moment. */
  changed(): void {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      for (const listener of this.listeners) listener();
    });
  }

  show(groups: Iterable<string>): void {
    this.shown.clear();
    for (const group of groups) this.shown.add(group);
    this.changed();
  }

  colourBy(axis: string): void {
    this.colourAxis = axis;
    this.changed();
  }

  /** Axes to colour by; the metric is one of them. */
  colourChoices(): (readonly [string, string])[] {
    const { primary, arms } = this.document.summary;
    return [
      ['', 'first axis'],
      ...colourAxes(arms).map((axis) => [axis, axis] as const),
      ['\u0000metric', primary.label.toLowerCase()],
    ];
  }

  colours(context: string): ArmColours {
    const { arms, primary } = this.document.summary;
    const here = arms.filter((arm) => arm.context === context);
    if (this.colourAxis === '') return armColours(here);
    if (this.colourAxis !== '\u0000metric') return coloursByAxis(here, this.colourAxis);
    const scale = primary.unit === 'percent' ? 100 : 1;
    const value = (arm: ArmSummary) => {
      const mean = arm.metrics[primary.id]?.mean;
      return mean === undefined ? undefined : scale * mean;
    };
    return coloursByNumber(
      primary.label.toLowerCase(),
      value,
      here.flatMap((arm) => value(arm) ?? []),
    );
  }

  /** The arms of a context that are switched on. */
  scope(context: string): ChartScope {
    const { summary } = this.document;
    const { primary } = summary;
    const on = summary.arms.filter((arm) => arm.context === context && this.shown.has(arm.group));
    if (this.order === 'best') {
      const sign = primary.better === 'lower' ? 1 : -1;
      const score = (arm: ArmSummary) => sign * (arm.metrics[primary.id]?.mean ?? sign * Infinity);
      on.sort((a, b) => score(a) - score(b));
    }
    return chartScope(summary, context, on, this.colours(context));
  }
}
