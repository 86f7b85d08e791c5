import { coSelection } from '@gmoe/routing-diagnostics';
import type { TrialRecord } from '../results/sweep-results.js';
import type { Figure } from './figure.js';
import { collaborationChart, coSelectionChart, type Collaboration } from './collaboration-chart.js';
import { domainChart } from './domain-chart.js';
import { loadOverTimeChart } from './load-over-time-chart.js';

/** What the experts of one trial did: they cannot be averaged over seeds. What has no data is left out. */
export function routingCharts(id: string, arm: string, record: TrialRecord): Figure[] {
  const one = collaborationOf(id, arm, record);
  return [
    loadOverTimeChart(id, arm, record),
    domainChart(id, arm, record),
    ...(one ? [coSelectionChart(one), collaborationChart(one)] : []),
  ].filter((chart): chart is Figure => chart !== undefined);
}

function collaborationOf(id: string, arm: string, { trial, routing }: TrialRecord): Collaboration | undefined {
  if (!routing || routing.layers.length === 0) return undefined;
  const graphs = routing.layers.flatMap(({ edges }) => (edges ? [edges] : []));
  return {
    id,
    arm,
    seed: trial.seed,
    coSelection: routing.layers.map((layer) => coSelection(layer, routing.tokens)),
    ...(graphs.length === routing.layers.length ? { edges: graphs } : {}),
  };
}
