import { largest } from '@gmoe/core/extremes';
import { loadShares } from '@gmoe/routing-diagnostics';
import type { TrialRecord } from '../results/sweep-results.js';
import type { Figure } from './figure.js';
import { widest, wrapText } from './text-layout.js';
import { drawLayerHeatMap, shownLayers } from './layer-heat-map.js';

const MOST_DOMAINS = 24;

/** Which experts serve which domain, in one trial: a panel per layer. */
export function domainChart(id: string, arm: string, { trial, routing }: TrialRecord): Figure | undefined {
  if (!routing || routing.domains.length < 2) return undefined;
  const domains = routing.domains.slice(0, MOST_DOMAINS);
  const experts = largest(routing.layers.map(({ selected }) => selected.length));
  const layers = shownLayers(routing.layers.length).map((layer) => ({
    layer,
    values: loadShares(routing.layers[layer]!.byDomain.slice(0, MOST_DOMAINS)).map((row) => row.map((s) => 100 * s)),
  }));
  const cut = domains.length < routing.domains.length ? ` The first ${MOST_DOMAINS} domains.` : '';
  return {
    id: `domains-${id}`,
    title: `Experts by domain, ${arm}`,
    caption: `Seed ${trial.seed}: of each domain’s assignments on the test set, the share of each expert. Rows alike: the experts ignore the domain.${cut}`,
    alt: `Load of ${experts} experts within ${domains.length} domains.`,
    draw: (canvas) => {
      const room = Math.min(190, 0.32 * canvas.width);
      const rows = domains.map((name) => wrapText(name, room, 11, canvas.measure));
      return drawLayerHeatMap(
        {
          layers,
          rows: rows.map((lines) => lines.join('\n')),
          columns: Array.from({ length: experts }, (_, e) => String(e)),
          rowName: '',
          columnName: 'expert',
          left: 20 + largest(rows.map((lines) => widest(lines, 11, canvas.measure))),
          rowHeight: Math.max(20, 6 + 12 * largest(rows.map(({ length }) => length))),
          scale: 'of the domain',
        },
        canvas,
      );
    },
  };
}
