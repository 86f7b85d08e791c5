import { loadShares, coSelection } from '@gmoe/routing-diagnostics';
import { largest } from '@gmoe/core/extremes';
import type { TrialRecord } from '../results/sweep-results.js';
import { packNumbers } from './pack-numbers.js';
import type { PageRouting } from './page-document.js';

const MOST_NUMBERS = 1_500_000;
const MOST_STEPS = 50;
const MOST_DOMAINS = 40;

/**
 * Routing of trials, in this order of preference as far as it fits: experts cannot be averaged over seeds.
 *
 * @param order indices of trials, those first that should be there
 */
export function packRouting(
  trials: readonly TrialRecord[],
  order: readonly number[],
): { readonly routing: PageRouting[]; readonly leftOut: string[] } {
  const routing: PageRouting[] = [];
  let room = MOST_NUMBERS;
  let without = 0;
  for (const trial of order) {
    const packed = routingOf(trials[trial]!, trial);
    if (!packed) continue;
    const size = sizeOf(packed);
    if (size > room && routing.length > 0) without++;
    else routing.push(packed);
    room -= size;
  }
  return {
    routing,
    leftOut: without > 0 ? [`Routing is in this page for ${routing.length} trials, ${without} are left out.`] : [],
  };
}

function sizeOf({ steps, layers, experts, test, domains }: PageRouting): number {
  return layers * experts * (steps.length + (test ? 2 * (domains.length + 2 * experts) : 0));
}

function routingOf({ events, routing }: TrialRecord, trial: number): PageRouting | undefined {
  const all = events.flatMap(({ load, step }) => (load && load.length > 0 ? [{ load, step }] : []));
  const stride = Math.max(1, Math.ceil(all.length / MOST_STEPS));
  const records = all.filter((_, i) => (all.length - 1 - i) % stride === 0);
  const layers = routing?.layers.length ?? records[0]?.load.length ?? 0;
  if (layers === 0) return undefined;
  const experts = largest([
    ...(routing?.layers.map(({ selected }) => selected.length) ?? []),
    ...(records[0]?.load.map(({ length }) => length) ?? []),
  ]);
  const load = new Uint16Array(records.length * layers * experts);
  records.forEach((record, r) =>
    loadShares(record.load).forEach((row, l) =>
      row.forEach((share, e) => (load[(r * layers + l) * experts + e] = Math.round(65_535 * share))),
    ),
  );
  return {
    trial,
    layers,
    experts,
    steps: records.map(({ step }) => step),
    load: packNumbers(load),
    domains: routing?.domains.slice(0, MOST_DOMAINS) ?? [],
    test:
      routing?.layers.map((layer) => ({
        load: loadShares([layer.selected])[0]!.map(short),
        byDomain: loadShares(layer.byDomain.slice(0, MOST_DOMAINS)).map((row) => row.map(short)),
        together: coSelection(layer, routing.tokens).map((row) => row.map(short)),
        edges: layer.edges ?? null,
      })) ?? null,
  };
}

const short = (share: number): number => Number(share.toFixed(4));
