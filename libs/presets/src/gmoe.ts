import type { Component, Json } from '@gmoe/core';
import { definePreset, type Preset } from '@gmoe/experiment';
import { ATTENTION, EXPERTS, GMOE, SIZE_SOURCES } from './sizes.js';

const poisson = { id: 'poisson', coefficient: 0.005 };
const normal = { id: 'normal', coefficient: 8 };

/** GMoE and its ablations (Fig. 2): with or without the graph, with both losses or one. */
function variant(id: string, description: string, router: 'graph' | 'linear', coordination: Json[]): Component<Preset> {
  return definePreset({
    id,
    description,
    trial: { adapter: { id: 'moe-lora', lora: ATTENTION, mixture: EXPERTS }, router: { id: router }, coordination },
    sources: {
      ...SIZE_SOURCES,
      router:
        router === 'graph'
          ? `${GMOE}: G = 256, 2 layers, density 0.1 (the graph router's defaults)`
          : `${GMOE}, ablation without the graph: softmax of a linear map`,
      ...(coordination.includes(poisson) ? { 'coordination.poisson.coefficient': `${GMOE}: 0.005` } : {}),
      ...(coordination.includes(normal) ? { 'coordination.normal.coefficient': `${GMOE}: 8` } : {}),
    },
  });
}

export const gmoe = variant('gmoe', 'GMoE: graph router, Poisson distinction and Normal balance', 'graph', [
  poisson,
  normal,
]);
export const gmoeNoGraph = variant('gmoe-no-graph', 'GMoE with a linear router', 'linear', [poisson, normal]);
export const gmoeNoPoisson = variant('gmoe-no-poisson', 'GMoE without the Poisson distinction loss', 'graph', [normal]);
export const gmoeNoNormal = variant('gmoe-no-normal', 'GMoE without the Normal balance loss', 'graph', [poisson]);
