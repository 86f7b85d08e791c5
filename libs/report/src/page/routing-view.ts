import { collaborationChart, coSelectionChart } from '../charts/collaboration-chart.js';
import { drawLayerHeatMap } from '../charts/layer-heat-map.js';
import type { Figure } from '../charts/figure.js';
import { widest, wrapText } from '../charts/text-layout.js';
import type { PageRouting } from '../page-data/page-document.js';
import { uint16 } from './decode.js';
import { choice, element, slider } from './element.js';
import { LiveFigure } from './live-figure.js';
import type { PageState } from './page-state.js';

/** What the experts of one trial did: in a chosen layer, at a chosen step. */
export function routingView(host: HTMLElement, state: PageState): void {
  const { routing, trials, summary } = state.document;
  const nameOf = new Map(summary.arms.map(({ group, arm }) => [group, arm]));
  const armOf = ({ trial }: PageRouting) => nameOf.get(trials[trial]!.group) ?? '';
  const labelOf = (one: PageRouting) => `${armOf(one)}, seed ${trials[one.trial]!.seed}`;
  let chosen = routing[0]!;
  let load = uint16(chosen.load);
  let layer = 0;
  let record = chosen.steps.length - 1;

  const figures = [loadNow, loadOverTime, byDomain, together, graph].map((make) => new LiveFigure(make));
  const refresh = () => {
    for (const figure of figures) figure.update();
  };
  const controls = element('div', { class: 'controls' });
  const rebuild = () => {
    const layers = Array.from({ length: chosen.layers }, (_, l) => [String(l), `layer ${l}`] as const);
    layer = Math.min(layer, chosen.layers - 1);
    record = chosen.steps.length - 1;
    controls.replaceChildren(
      choice(
        'Trial',
        routing.map((one, i) => [String(i), labelOf(one)] as const),
        String(routing.indexOf(chosen)),
        (value) => {
          chosen = routing[Number(value)]!;
          load = uint16(chosen.load);
          rebuild();
          refresh();
        },
      ),
      choice('Layer', layers, String(layer), (value) => {
        layer = Number(value);
        refresh();
      }),
      ...(chosen.steps.length > 1
        ? [
            slider(
              'Step',
              { min: 0, max: chosen.steps.length - 1, step: 1 },
              record,
              (i) => String(chosen.steps[i]!),
              (i) => {
                record = i;
                figures[0]!.update();
              },
            ),
          ]
        : []),
    );
  };
  host.append(element('h3', {}, 'Routing of one trial'), controls, ...figures.map(({ node }) => node));
  rebuild();

  const share = (r: number, l: number, e: number) =>
    (100 * load[(r * chosen.layers + l) * chosen.experts + e]!) / 65_535;
  const experts = () => Array.from({ length: chosen.experts }, (_, e) => String(e));

  function loadNow(): Figure | undefined {
    if (chosen.steps.length === 0) return undefined;
    const at = record;
    return {
      id: 'routing-load',
      title: `Expert load at step ${chosen.steps[at]!}, ${labelOf(chosen)}`,
      caption: `Share of each layer’s assignments that each expert carries, over the steps since the record before. Even: ${(100 / chosen.experts).toFixed(1)} %.`,
      alt: `Load of ${chosen.experts} experts in ${chosen.layers} layers at step ${chosen.steps[at]!}.`,
      draw: (canvas) => {
        const rows = Array.from({ length: chosen.layers }, (_, l) => experts().map((_e, e) => share(at, l, e)));
        return drawLayerHeatMap(
          {
            titles: [''],
            layers: [{ layer: 0, values: rows }],
            rows: rows.map((_, l) => String(l)),
            columns: experts(),
            rowName: 'layer',
            columnName: 'expert',
            left: 48,
            rowHeight: Math.max(12, Math.min(26, 420 / chosen.layers)),
            scale: 'of the layer',
          },
          canvas,
        );
      },
    };
  }

  function loadOverTime(): Figure | undefined {
    if (chosen.steps.length < 2) return undefined;
    return {
      id: 'routing-time',
      title: `Expert load in training, layer ${layer}, ${labelOf(chosen)}`,
      caption: 'Share of the layer’s assignments that each expert carries, over the steps since the record before.',
      alt: `Load of ${chosen.experts} experts of layer ${layer} over ${chosen.steps.at(-1)!} steps.`,
      draw: (canvas) =>
        drawLayerHeatMap(
          {
            titles: [''],
            layers: [{ layer, values: experts().map((_e, e) => chosen.steps.map((_s, r) => share(r, layer, e))) }],
            rows: experts(),
            columns: chosen.steps.map(String),
            rowName: 'expert',
            columnName: 'step',
            left: 48,
            rowHeight: Math.max(10, Math.min(22, 420 / chosen.experts)),
            scale: 'of the layer',
          },
          canvas,
        ),
    };
  }

  function byDomain(): Figure | undefined {
    const test = chosen.test?.[layer];
    if (!test || chosen.domains.length < 2) return undefined;
    return {
      id: 'routing-domains',
      title: `Experts by domain, layer ${layer}, ${labelOf(chosen)}`,
      caption:
        'Of each domain’s assignments on the test set, the share of each expert. Rows alike: the experts ignore the domain.',
      alt: `Load of ${chosen.experts} experts within ${chosen.domains.length} domains.`,
      draw: (canvas) => {
        const room = Math.min(240, 0.36 * canvas.width);
        const rows = chosen.domains.map((name) => wrapText(name, room, 11, canvas.measure));
        return drawLayerHeatMap(
          {
            titles: [''],
            layers: [{ layer, values: test.byDomain.map((row) => row.map((value) => 100 * value)) }],
            rows: rows.map((lines) => lines.join('\n')),
            columns: experts(),
            rowName: '',
            columnName: 'expert',
            left: 20 + rows.reduce((most, lines) => Math.max(most, widest(lines, 11, canvas.measure)), 0),
            rowHeight: 8 + 12 * rows.reduce((most, { length }) => Math.max(most, length), 1),
            scale: 'of the domain',
          },
          canvas,
        );
      },
    };
  }

  function collaboration() {
    const test = chosen.test?.[layer];
    if (!test) return undefined;
    return {
      id: 'routing',
      arm: armOf(chosen),
      seed: trials[chosen.trial]!.seed,
      layers: [layer],
      coSelection: [test.together],
      ...(test.edges ? { edges: [test.edges] } : {}),
    };
  }

  function together(): Figure | undefined {
    const one = collaboration();
    return one && coSelectionChart(one);
  }

  function graph(): Figure | undefined {
    const one = collaboration();
    return one && collaborationChart(one);
  }
}
