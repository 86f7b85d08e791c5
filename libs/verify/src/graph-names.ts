import { UserError } from '@gmoe/core';
import { graphRouter } from '@gmoe/routers-graph';
import { linearRouter } from '@gmoe/routers-linear';
import type { Router } from '@gmoe/routers-core';

/** Our names of the graph router's learned tensors, with the authors'. */
export function graphWeights(layers: number): readonly (readonly [ours: string, theirs: string])[] {
  return [
    ['token.weight', 'mlp.weight'],
    ['struct.weight', 'mlp_struct.weight'],
    ['proj.weight', 'proj.weight'],
    ...Array.from({ length: layers }, (_, i) => [`conv.${i}.weight`, `convs.${i}.lin.weight`] as const),
  ];
}

/** The authors' names of their two routers. */
export type ReferenceRouter = 'goe' | 'mixtral';

/** Our router of theirs, and its learned tensors by our name and theirs. */
export function routerOf(kind: string, size: { width: number; layers: number; trainFeatures?: boolean }) {
  if (kind === 'mixtral') return { router: create(linearRouter, {}), weights: [['weight', 'weight']] as const };
  if (kind === 'goe') return { router: create(graphRouter, size), weights: graphWeights(size.layers) };
  throw new UserError(`unknown router '${kind}'; known: goe, mixtral`);
}

function create(definition: typeof linearRouter, options: object): Router {
  return definition.create(options);
}
