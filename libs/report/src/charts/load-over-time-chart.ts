import { largest } from '@gmoe/core/extremes';
import { loadShares } from '@gmoe/routing-diagnostics';
import type { TrialRecord } from '../results/sweep-results.js';
import type { Figure } from './figure.js';
import { drawLayerHeatMap, shownLayers } from './layer-heat-map.js';

const MOST_COLUMNS = 40;

/** Load of every expert over the training of one trial, a panel per layer. */
export function loadOverTimeChart(id: string, arm: string, { trial, events }: TrialRecord): Figure | undefined {
  const records = events.flatMap(({ type, step, load }) => (type === 'routing' && load ? [{ step, load }] : []));
  const first = records[0];
  if (!first || records.length < 2) return undefined;
  const window = Math.ceil(records.length / MOST_COLUMNS);
  const bins = Array.from({ length: Math.ceil(records.length / window) }, (_, i) =>
    records.slice(i * window, (i + 1) * window),
  );
  const experts = largest(first.load.map((row) => row.length));
  const layers = shownLayers(first.load.length).map((layer) => {
    const columns = loadShares(
      bins.map((bin) => first.load[layer]!.map((_, e) => bin.reduce((sum, { load }) => sum + load[layer]![e]!, 0))),
    );
    return { layer, values: first.load[layer]!.map((_, e) => columns.map((column) => 100 * column[e]!)) };
  });
  return {
    id: `load-time-${id}`,
    title: `Expert load in training, ${arm}`,
    caption: `Seed ${trial.seed}: share of a layer’s assignments that each expert carries, over the steps since the record before. Even: ${(100 / experts).toFixed(1)} %.`,
    alt: `Load of ${experts} experts over ${records.at(-1)!.step} steps.`,
    draw: (canvas) =>
      drawLayerHeatMap(
        {
          layers,
          rows: Array.from({ length: experts }, (_, e) => String(e)),
          columns: bins.map((bin) => String(bin.at(-1)!.step)),
          rowName: 'expert',
          columnName: 'step',
          left: 48,
          rowHeight: Math.min(18, 300 / experts),
          scale: '',
        },
        canvas,
      ),
  };
}
