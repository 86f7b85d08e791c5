import { treatmentAxes } from '../summary/arms.js';
import { wantsLog } from '../charts/axes.js';
import { explorerFigure } from '../charts/explorer-figure.js';
import { metricDefinition } from '../summary/metric-catalog.js';
import { checkbox, choice, element } from './element.js';
import { LiveFigure } from './live-figure.js';
import type { PageState } from './page-state.js';

/** A metric against an axis, both chosen. */
export function explorerView(host: HTMLElement, state: PageState, context: string): void {
  const { summary } = state.document;
  const arms = summary.arms.filter((arm) => arm.context === context);
  const axes = [...new Set(arms.flatMap((arm) => Object.keys(treatmentAxes(arm.axes))))];
  if (axes.length === 0) return;
  const metrics = [...new Set([summary.primary.id, ...arms.flatMap((arm) => Object.keys(arm.metrics))])];
  const labels = (id: string) => (id === summary.primary.id ? summary.primary : metricDefinition(id));
  const numbersOf = (axis: string) =>
    arms.flatMap((arm) => (typeof arm.axes[axis] === 'number' ? [arm.axes[axis]] : []));
  let axis = axes.find((name) => new Set(numbersOf(name)).size > 2) ?? axes[0]!;
  let metric = summary.primary.id;
  let logX = wantsLog(numbersOf(axis));
  let logY = false;
  let join = true;
  const figure = new LiveFigure(() =>
    explorerFigure(state.scope(context), { axis, metric: labels(metric), logX, logY, join }),
  );
  const refresh = () => figure.update();
  const logBox = checkbox('log axis', logX, (value) => {
    logX = value;
    refresh();
  });
  host.append(
    element(
      'div',
      { class: 'controls' },
      choice(
        'Metric',
        metrics.map((id) => [id, labels(id).label] as const),
        metric,
        (value) => {
          metric = value;
          refresh();
        },
      ),
      choice(
        'over',
        axes.map((name) => [name, name] as const),
        axis,
        (value) => {
          axis = value;
          logX = wantsLog(numbersOf(axis));
          logBox.querySelector('input')!.checked = logX;
          refresh();
        },
      ),
      logBox,
      checkbox('log metric', logY, (value) => {
        logY = value;
        refresh();
      }),
      checkbox('lines', join, (value) => {
        join = value;
        refresh();
      }),
    ),
    figure.node,
  );
  state.onChange(refresh);
}
