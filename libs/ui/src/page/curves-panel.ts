import { curveFigure, element, LiveFigure, meanCurve, slider } from '@gmoe/report/page';
import type { SweepAnswer, TrialEntry } from '../ui-answers.js';
import { colourAt, MOST_CURVES, swatchOf } from './curve-colours.js';
import { MetricChoice } from './metric-choice.js';
import { nameOf, TrialCurves } from './trial-curves.js';

/** The trials whose curves are shown: those ticked, else those that run, else those that have steps. */
export function shownTrials({ trials }: SweepAnswer, ticked: ReadonlySet<string>): TrialEntry[] {
  const candidates = [
    trials.filter(({ hash }) => ticked.has(hash)),
    trials.filter(({ state }) => state === 'claimed'),
    trials.filter(({ step }) => step !== null),
  ];
  return (candidates.find((list) => list.length > 0) ?? []).slice(0, MOST_CURVES);
}

/** Curves of single trials, as they grow. */
export class CurvesPanel {
  readonly node: HTMLElement;
  private readonly metric = new MetricChoice(() => this.figure.update());
  /** Which colour is which trial. */
  private readonly key = element('ul', { class: 'key' });
  private readonly figure: LiveFigure;
  private smoothing = 0;
  private shown: readonly TrialEntry[] = [];
  private sweep: SweepAnswer | undefined;
  private curves = new TrialCurves('');

  constructor() {
    this.figure = new LiveFigure(() =>
      curveFigure({
        lines: this.lines(),
        metric: this.metric.value,
        each: 'trial',
        log: false,
        bands: false,
        smoothing: this.smoothing,
        caption: '',
      }),
    );
    const smoothing = slider(
      'Smoothing',
      { min: 0, max: 0.98, step: 0.02 },
      0,
      (value) => value.toFixed(2),
      (value) => {
        this.smoothing = value;
        this.figure.update();
      },
    );
    const controls = element('div', { class: 'controls' }, this.metric.node, smoothing);
    this.node = element('div', {}, element('h3', {}, 'Curves'), controls, this.figure.node, this.key);
  }

  async show(sweep: SweepAnswer, shown: readonly TrialEntry[]): Promise<void> {
    if (this.sweep?.path !== sweep.path) this.curves = new TrialCurves(sweep.path);
    this.sweep = sweep;
    this.shown = shown;
    await this.curves.follow(shown);
    this.metric.offer(this.curves.metrics(shown));
    this.figure.update();
    this.key.replaceChildren(...shown.map((trial, i) => element('li', {}, swatchOf(i), ' ', this.titleOf(trial))));
  }

  private titleOf(trial: TrialEntry): string {
    return `${nameOf(this.sweep!, trial)}, seed ${trial.seed}`;
  }

  private lines() {
    return this.shown.flatMap((trial, i) => {
      const curve = this.curves.of(trial, this.metric.value);
      if (!curve) return [];
      const mean = meanCurve([curve], this.smoothing);
      return [{ name: this.titleOf(trial), colour: colourAt(i), mean, seeds: [] }];
    });
  }
}
