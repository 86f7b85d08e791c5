import { choice, curveFigure, element, LiveFigure, meanCurve } from '@gmoe/report/page';
import type { SweepAnswer, SweepEntry, TrialEntry } from '../ui-answers.js';
import { colourAt, MOST_CURVES, swatchOf } from './curve-colours.js';
import { MetricChoice } from './metric-choice.js';
import { plainTable } from './plain-table.js';
import { TrialCurves } from './trial-curves.js';
import { accuracyOf } from './trials-table.js';

/** A sweep and the curves of its trials. */
interface Side {
  sweep: SweepAnswer;
  readonly curves: TrialCurves;
}

/** Two sweeps beside each other: accuracy by arm, and curves of the arms, one sweep solid and the other dashed. */
export class ComparePanel {
  readonly node: HTMLElement;
  /** The sweep to compare with, '' for none. */
  other = '';
  private readonly choiceHost = element('div', { class: 'controls' });
  private readonly table = element('div', {
    id: 'compared',
    class: 'scroll trials',
    tabindex: 0,
    role: 'region',
    'aria-label': 'Arms of both sweeps',
  });
  private readonly metric = new MetricChoice(() => this.figure.update());
  private readonly figure: LiveFigure;
  private offered = '';
  private mine: Side | undefined;
  private theirs: Side | undefined;
  private readonly ticked = new Set<string>();
  private named: string[] = [];
  /** Arms drawn before any is ticked. */
  private first: readonly string[] = [];

  constructor(private readonly onChoose: () => void) {
    this.figure = new LiveFigure(() => {
      const { mine, theirs } = this;
      if (!mine || !theirs) return undefined;
      const metric = this.metric.value;
      return curveFigure({
        id: 'compared-curves',
        metric,
        lines: this.lines(mine),
        overlay: { metric, of: theirs.sweep.name, lines: this.lines(theirs) },
        log: false,
        bands: false,
        smoothing: 0,
        caption: ` Solid: ${mine.sweep.name}.`,
      });
    });
    this.figure.node.hidden = true;
    this.node = element(
      'div',
      {},
      element('h3', {}, 'Compared with another sweep'),
      this.choiceHost,
      this.table,
      element('div', { class: 'controls' }, this.metric.node),
      this.figure.node,
    );
  }

  close(): void {
    this.other = '';
    this.mine = this.theirs = undefined;
    this.ticked.clear();
  }

  async show(sweep: SweepAnswer, beside: SweepAnswer | undefined, entries: readonly SweepEntry[]): Promise<void> {
    this.offer(entries.filter(({ path }) => path !== sweep.path));
    this.mine = sideOf(sweep, this.mine);
    this.theirs = beside && sideOf(beside, this.theirs);
    this.metric.node.hidden = beside === undefined;
    if (!beside) {
      this.table.replaceChildren();
      return this.figure.update();
    }
    const focused = document.activeElement?.id;
    this.drawTable(sweep, beside);
    if (focused?.startsWith('c-')) document.getElementById(focused)?.focus({ preventScroll: true });
    const sides = [this.mine, this.theirs!].map((side) => ({ side, trials: this.drawn(side) }));
    await Promise.all(sides.map(({ side, trials }) => side.curves.follow(trials)));
    this.metric.offer([...new Set(sides.flatMap(({ side, trials }) => side.curves.metrics(trials)))].sort());
    this.figure.update();
  }

  /** The list is made anew only when it changes, so that it can stay open. */
  private offer(entries: readonly SweepEntry[]): void {
    const options = [['', 'none'] as const, ...entries.map(({ path, name }) => [path, `${name} (${path})`] as const)];
    const key = JSON.stringify([options, this.other]);
    if (key === this.offered) return;
    this.offered = key;
    this.choiceHost.replaceChildren(
      choice('Sweep', options, this.other, (value) => {
        this.close();
        this.other = value;
        this.onChoose();
      }),
    );
  }

  private drawTable(mine: SweepAnswer, theirs: SweepAnswer): void {
    const [own, others] = [scoresOf(mine), scoresOf(theirs)];
    const shared = [...own.keys()].filter((name) => others.has(name));
    this.named = [...new Set([...shared, ...own.keys(), ...others.keys()])];
    this.first =
      shared.length > 0 ? shared.slice(0, 3) : [...own.keys()].slice(0, 2).concat([...others.keys()].slice(0, 2));
    this.table.replaceChildren(
      plainTable(
        ['Curve', 'Arm', mine.name, theirs.name, 'Difference (points)'],
        this.named.map((name, i) => this.row(name, i, own.get(name), others.get(name))),
      ),
      element(
        'p',
        { class: 'note' },
        `Mean accuracy over finished seeds; ${shared.length === 0 ? 'no arm has' : 'first the arms that have'} the same name in both. Without a test: the reports have intervals.`,
      ),
    );
  }

  private row(name: string, index: number, a: readonly number[] = [], b: readonly number[] = []): HTMLElement {
    const box = element('input', {
      type: 'checkbox',
      id: `c-${index}`,
      'aria-label': `Curves of ${name} in both sweeps`,
      onchange: () => {
        if (box.checked) this.ticked.add(name);
        else this.ticked.delete(name);
        this.onChoose();
      },
    });
    box.checked = this.ticked.has(name);
    const place = this.chosen().indexOf(name);
    const show = (values: readonly number[]) =>
      values.length === 0
        ? '–'
        : `${(100 * mean(values)).toFixed(1)} % (${values.length} ${values.length === 1 ? 'seed' : 'seeds'})`;
    const difference = a.length > 0 && b.length > 0 ? 100 * (mean(a) - mean(b)) : undefined;
    return element(
      'tr',
      {},
      element('td', {}, box, ' ', swatchOf(place < 0 ? undefined : place)),
      element('td', {}, name),
      element('td', {}, show(a)),
      element('td', {}, show(b)),
      element('td', {}, difference === undefined ? '–' : `${difference > 0 ? '+' : ''}${difference.toFixed(1)}`),
    );
  }

  /** Names of the arms whose curves are drawn: those ticked, else the first ones. */
  private chosen(): readonly string[] {
    const ticked = this.named.filter((name) => this.ticked.has(name));
    return ticked.length > 0 ? ticked.slice(0, MOST_CURVES) : this.first;
  }

  private drawn({ sweep }: Side): TrialEntry[] {
    return this.chosen().flatMap((name) => trialsOf(sweep, name));
  }

  private lines({ sweep, curves }: Side) {
    return this.chosen().flatMap((name, i) => {
      const seeds = trialsOf(sweep, name).flatMap((trial) => curves.of(trial, this.metric.value) ?? []);
      return seeds.length === 0 ? [] : [{ name, colour: colourAt(i), mean: meanCurve(seeds, 0), seeds: [] }];
    });
  }
}

function sideOf(sweep: SweepAnswer, before: Side | undefined): Side {
  if (before?.sweep.path !== sweep.path) return { sweep, curves: new TrialCurves(sweep.path) };
  before.sweep = sweep;
  return before;
}

function trialsOf({ arms, trials }: SweepAnswer, name: string): TrialEntry[] {
  const groups = new Set(arms.filter((arm) => arm.name === name).map(({ group }) => group));
  return trials.filter(({ group }) => groups.has(group));
}

/** Accuracies of finished seeds by arm; of an arm without any, an empty list. */
function scoresOf(sweep: SweepAnswer): Map<string, number[]> {
  return new Map(
    sweep.arms.map(({ name }) => [
      name,
      trialsOf(sweep, name).flatMap((trial) => (trial.state === 'finished' ? (accuracyOf(trial) ?? []) : [])),
    ]),
  );
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
