import { addStatistics, type LayerStatistics, type RoutingStatistics } from '@gmoe/routing-diagnostics';
import type { HostTensor } from '@gmoe/tensor';
import type { Query } from './pack-segments.js';
import type { LayerSums } from './routing-sums.js';
import type { ScoringPlan } from './scoring/plan.js';

/** What the mixture layers did with the scored items. */
export interface EvaluatedRouting {
  readonly statistics: RoutingStatistics;
  /** Names of the rows of `byDomain`. */
  readonly domains: readonly string[];
  /** Experts that each item uses at the last token of its prompt, where it is answered. [L][items][experts] */
  readonly chosen: readonly (readonly (readonly number[])[])[];
}

/** Adds up the batches of one evaluation. */
export class RoutingCollector {
  private layers: LayerStatistics[] = [];
  private chosen: number[][][] = [];

  constructor(private readonly plan: ScoringPlan) {}

  add(sums: readonly LayerSums<HostTensor>[], queries: readonly Query[]): void {
    const { domains, items } = this.plan;
    sums.forEach((sum, layer) => {
      const statistics = layerStatistics(sum, domains.length);
      const before = this.layers[layer];
      this.layers[layer] = before ? addStatistics(before, statistics) : statistics;
      const chosen = (this.chosen[layer] ??= items.map(() => []));
      const experts = sum.chosen_NE.shape[1]!;
      queries.forEach(({ endOf }, n) => {
        if (endOf === undefined) return;
        const row = sum.chosen_NE.data.subarray(n * experts, (n + 1) * experts);
        chosen[endOf] = Array.from(row).flatMap((used, e) => (used > 0 ? [e] : []));
      });
    });
  }

  /** Undefined if no layer routed. */
  result(): EvaluatedRouting | undefined {
    if (this.layers.length === 0) return undefined;
    const { tokens, items, domains } = this.plan;
    const examples = items.filter(({ domain }) => domain !== undefined).length;
    return { statistics: { tokens, examples, layers: this.layers }, domains, chosen: this.chosen };
  }
}

function layerStatistics(
  { together_EE, weights_E, top_2, byDomain_GE }: LayerSums<HostTensor>,
  domains: number,
): LayerStatistics {
  const together = rows(together_EE);
  const [first, second] = [top_2.data[0]!, top_2.data[1]!];
  return {
    selected: together.map((row, e) => row[e]!),
    weights: Array.from(weights_E.data),
    together,
    topProbability: first,
    margin: first - second,
    byDomain: byDomain_GE ? rows(byDomain_GE).slice(0, domains) : [],
  };
}

function rows({ data, shape }: HostTensor): number[][] {
  const width = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)));
}
