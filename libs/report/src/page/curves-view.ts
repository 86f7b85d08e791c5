import { axisText, curveFigure } from '../charts/curves-figure.js';
import type { Figure } from '../charts/figure.js';
import { meanCurve, readCurves } from './curve-data.js';
import type { ECharts } from './echarts.js';
import { checkbox, choice, element, slider } from './element.js';
import { escaped, LiveFigure, TOOLTIP } from './live-figure.js';
import type { PageState } from './page-state.js';

/** Names that are looked at first. */
const FIRST = ['train/lm_loss', 'train/loss', 'eval/loss'];
/** So many curves get bands and single seeds. */
const MOST_WITH_SEEDS = 8;
/** Rows of the box that follows the mouse. */
const MOST_ROWS = 10;

/** Curves of any metric over training: all arms that are switched on, smoothed, with a second metric laid over. */
export function curvesView(host: HTMLElement, state: PageState): void {
  const { summary, trials } = state.document;
  const byMetric = readCurves(state.document);
  const metrics = [...byMetric.keys()];
  let metric = FIRST.find((name) => byMetric.has(name)) ?? metrics[0]!;
  let overlay = '';
  let smoothing = 0;
  let log = false;
  let seeds = summary.arms.length <= 4;
  const groupOf = trials.map(({ group }) => group);

  let drawn: ECharts | undefined;
  let mouseY = 0;
  const figure = new LiveFigure(
    () => withTooltip(make()),
    (chart) => {
      if (drawn === chart) return;
      drawn = chart;
      chart.getZr().on('mousemove', ({ offsetY }: { offsetY: number }) => {
        mouseY = offsetY;
      });
    },
  );
  const refresh = () => figure.update();
  const names = metrics.map((name) => [name, name] as const);
  host.append(
    element(
      'div',
      { class: 'controls' },
      choice('Metric', names, metric, (value) => {
        metric = value;
        refresh();
      }),
      choice('over it', [['', 'nothing'], ...names], overlay, (value) => {
        overlay = value;
        refresh();
      }),
      slider(
        'Smoothing',
        { min: 0, max: 0.98, step: 0.02 },
        0,
        (value) => value.toFixed(2),
        (value) => {
          smoothing = value;
          refresh();
        },
      ),
      checkbox('log scale', log, (value) => {
        log = value;
        refresh();
      }),
      checkbox('single seeds', seeds, (value) => {
        seeds = value;
        refresh();
      }),
    ),
    figure.node,
  );
  state.onChange(refresh);

  function make(): Figure | undefined {
    const scopes = summary.contexts.map((context) => state.scope(context));
    const arms = scopes.flatMap((scope) => scope.arms.map((arm) => ({ arm, colour: scope.colours.of(arm) })));
    const detailed = arms.length <= MOST_WITH_SEEDS;
    const linesOf = (name: string) => {
      const curves = Map.groupBy(byMetric.get(name) ?? [], ({ trial }) => groupOf[trial]!);
      return arms.flatMap(({ arm, colour }) => {
        const own = curves.get(arm.group);
        if (!own) return [];
        return [
          {
            name: arm.arm,
            colour,
            mean: meanCurve(own, smoothing),
            seeds:
              detailed && seeds
                ? own.map(({ steps, values }) => Array.from(steps, (step, i) => [step, values[i]!] as const))
                : [],
          },
        ];
      });
    };
    return curveFigure({
      metric,
      lines: linesOf(metric),
      overlay: overlay === '' ? undefined : { metric: overlay, lines: linesOf(overlay) },
      log,
      bands: detailed,
      caption: scopes.map(({ colours }) => colours.short).join(''),
      smoothing,
    });
  }

  /** The box beside the mouse names the curves nearest to it. */
  function withTooltip(figure: Figure | undefined): Figure | undefined {
    return (
      figure && {
        ...figure,
        draw: (canvas) => {
          const drawing = figure.draw(canvas);
          return {
            ...drawing,
            option: { ...drawing.option, tooltip: { ...TOOLTIP, trigger: 'axis', formatter: nearest } },
          };
        },
      }
    );
  }

  function nearest(items: readonly AxisItem[]): string {
    if (!drawn) return '';
    const chart = drawn;
    const place = (value: number) => Math.abs((chart.convertToPixel({ yAxisIndex: 0 }, value) as number) - mouseY);
    const means = items.filter(({ seriesId }) => seriesId.startsWith('mean-'));
    const near = means
      .map((item) => ({ ...item, distance: place(item.value[1]) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, MOST_ROWS)
      .sort((a, b) => b.value[1] - a.value[1]);
    if (near.length === 0) return '';
    const rows = near.map(
      ({ color, seriesName, value }) =>
        `<span class="row"><span class="swatch" style="background:${color}"></span><span>${escaped(seriesName)}</span><b>${axisText(value[1])}</b></span>`,
    );
    const more = means.length > near.length ? `<div>and ${means.length - near.length} more</div>` : '';
    return `<b>step ${near[0]!.value[0]}</b>${rows.join('')}${more}`;
  }
}

/** What ECharts tells of a curve at the mouse's step. */
interface AxisItem {
  readonly seriesId: string;
  readonly seriesName: string;
  readonly color: string;
  readonly value: readonly [step: number, value: number];
}
