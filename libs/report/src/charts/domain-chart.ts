import { loadShares } from '@gmoe/routing-diagnostics';
import type { TrialRecord } from '../results/sweep-results.js';
import { makeChart, type Chart } from './chart.js';
import { drawLayerHeatMap, shownLayers } from './layer-heat-map.js';

const MOST_DOMAINS = 24;

/** Which experts serve which domain, in one trial: a panel per layer. */
export function domainChart(id: string, arm: string, { trial, routing }: TrialRecord): Chart | undefined {
  if (!routing || routing.domains.length < 2) return undefined;
  const domains = routing.domains.slice(0, MOST_DOMAINS);
  const experts = Math.max(...routing.layers.map(({ selected }) => selected.length));
  const layers = shownLayers(routing.layers.length).map((layer) => ({
    layer,
    values: loadShares(routing.layers[layer]!.byDomain.slice(0, MOST_DOMAINS)).map((row) => row.map((s) => 100 * s)),
  }));
  const cut = domains.length < routing.domains.length ? ` The first ${MOST_DOMAINS} domains.` : '';
  return makeChart(
    {
      id: `domains-${id}`,
      title: `Experts by domain, ${arm}`,
      caption: `Seed ${trial.seed}: of each domain’s assignments on the test set, the share of each expert. Rows alike: the experts ignore the domain.${cut}`,
      alt: `Load of ${experts} experts within ${domains.length} domains.`,
    },
    (canvas) =>
      drawLayerHeatMap(
        {
          layers,
          rows: domains.map((name) => (name.length > 22 ? `${name.slice(0, 21)}…` : name)),
          columns: Array.from({ length: experts }, (_, e) => String(e)),
          rowName: '',
          columnName: 'expert',
          left: 16 + 6.2 * Math.min(22, Math.max(...domains.map(({ length }) => length))),
          rowHeight: 20,
          scale: 'of the domain',
        },
        canvas,
      ),
  );
}
