import type { HostTensors } from '@gmoe/coordination-core';
import type { Adapter } from './adapter.js';
import { below, NAMES } from './names.js';

/** What an adapter's parameters say of the routing of one layer. */
export interface LayerFacts {
  /** Which experts the router's graph joins, 0 or 1, [E][E]; absent without a graph. */
  readonly edges?: number[][];
  /** Parameters of the losses, `<strategy>/<name>`, e.g. `poisson/lambda`. */
  readonly values: Record<string, number>;
}

/** Facts of each mixture layer; empty without a mixture. */
export function routingFacts(
  { settings: { router, coordination = [] }, expertsPerLayer }: Adapter,
  { trainable, frozen, state }: { trainable: HostTensors; frozen: HostTensors; state: HostTensors },
): LayerFacts[] {
  const told = coordination.flatMap((strategy) => {
    const prefix = NAMES.coordination(strategy.id);
    const values = strategy.values?.({ trainable: below(trainable, prefix), state: below(state, prefix) }) ?? {};
    return Object.entries(values).map(([name, perLayer]) => ({ name: `${strategy.id}/${name}`, perLayer }));
  });
  return expertsPerLayer.map((_, layer) => {
    const edges = router!.edges?.(below(frozen, NAMES.router(layer)));
    return {
      ...(edges ? { edges } : {}),
      values: Object.fromEntries(told.map(({ name, perLayer }) => [name, perLayer[layer]!])),
    };
  });
}
