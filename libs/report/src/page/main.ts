import { armChart } from '../charts/arm-chart.js';
import { differenceChart } from '../charts/difference-chart.js';
import { NARROW_BELOW, type Figure } from '../charts/figure.js';
import { importanceChart } from '../charts/importance-chart.js';
import { loadChart } from '../charts/load-chart.js';
import { parallelFigure } from '../charts/parallel-figure.js';
import { paretoChart } from '../charts/pareto-chart.js';
import { reliabilityChart } from '../charts/reliability-chart.js';
import type { ChartScope } from '../charts/scope.js';
import type { PageDocument } from '../page-data/page-document.js';
import { armSwitches } from './arm-switches.js';
import { curvesView } from './curves-view.js';
import { choice, element } from './element.js';
import { examplesView } from './examples-view.js';
import { explorerView } from './explorer-view.js';
import { later } from './later.js';
import { drawForPrint, isPrinting, LiveFigure, tallestOnPaper } from './live-figure.js';
import { PageState } from './page-state.js';
import { routingView } from './routing-view.js';
import { enhanceTables } from './sortable-table.js';

/** Rows of a chart on the screen. */
const MOST_ROWS = window.innerWidth < NARROW_BELOW ? 12 : 30;

/** Pixels of the first sheet of paper for the chart of arms. */
const BELOW_THE_HEADLINE = 600;

const data = JSON.parse(document.getElementById('data')!.textContent!) as PageDocument;
const state = new PageState(data);

/** A chart that follows the switches. */
function simple(host: HTMLElement, make: () => Figure | undefined): void {
  const figure = new LiveFigure(make);
  host.append(figure.node);
  state.onChange(() => figure.update());
}

/** A chart with a row for each arm, which may be long. */
function rows(
  host: HTMLElement,
  context: string,
  chart: (scope: ChartScope, most: number) => Figure | undefined,
  room?: number,
): void {
  let most = MOST_ROWS;
  const figure = new LiveFigure(() => {
    const scope = state.scope(context);
    return isPrinting()
      ? tallestOnPaper((rowCount) => chart(scope, Math.min(most, rowCount)), room)
      : chart(scope, most);
  });
  const count = data.summary.arms.filter((arm) => arm.context === context).length;
  if (count > MOST_ROWS) {
    host.append(
      element(
        'div',
        { class: 'controls' },
        choice(
          'Rows',
          [
            [String(MOST_ROWS), `the best ${MOST_ROWS}`],
            [String(count), `all ${count}`],
          ],
          String(most),
          (value) => {
            most = Number(value);
            figure.update();
          },
        ),
      ),
    );
  }
  host.append(figure.node);
  state.onChange(() => figure.update());
}

const VIEWS: Readonly<Record<string, (host: HTMLElement, context: string) => void>> = {
  switches: (host) => armSwitches(host, state),
  arms: (host, context) => rows(host, context, armChart, BELOW_THE_HEADLINE),
  differences: (host, context) => rows(host, context, differenceChart),
  explorer: (host, context) => explorerView(host, state, context),
  parallel: (host, context) => simple(host, () => parallelFigure(state.scope(context))),
  importance: (host, context) => simple(host, () => importanceChart(state.scope(context))),
  pareto: (host, context) => {
    for (const cost of ['trainableParameters', 'tokensPerSecond', 'seconds'] as const) {
      simple(host, () => paretoChart(state.scope(context), cost));
    }
  },
  curves: (host) => curvesView(host, state),
  load: (host, context) =>
    simple(host, () => {
      const scope = state.scope(context);
      return isPrinting() ? tallestOnPaper((most) => loadChart(scope, most)) : loadChart(scope);
    }),
  reliability: (host, context) => simple(host, () => reliabilityChart(state.scope(context))),
  routing: (host) => routingView(host, state),
  examples: (host) => examplesView(host, state),
};

/** What one sees first. */
const AT_ONCE = ['switches', 'arms'];

for (const host of document.querySelectorAll<HTMLElement>('[data-view]')) {
  const name = host.dataset['view']!;
  const make = () => VIEWS[name]!(host, data.summary.contexts[Number(host.dataset['context'] ?? 0)]!);
  if (AT_ONCE.includes(name)) make();
  else later(make);
}
enhanceTables(state);
drawForPrint();
if (window.innerWidth <= 1000) document.querySelector<HTMLDetailsElement>('details.contents')!.open = false;
