import type { Json } from '@gmoe/core';

/** A named configuration: a part of a trial config, and where each of its numbers comes from. */
export interface MethodPreset {
  readonly id: string;
  readonly description: string;
  /** Laid under what a sweep writes. Only the method: optimizer, data and length of training are the sweep's. */
  readonly trial: { readonly [key: string]: Json };
  /** Source by config path. */
  readonly sources: Readonly<Record<string, string>>;
}

const GMOE = 'GMoE, arXiv 2412.16216v3';
const CODE = "the GMoE authors' code (every projection of the FFN; plain LoRA on q, k, v, o)";
const SAME = `not stated in ${GMOE}: here as for gmoe, so that the comparison is at equal size`;

const attention = { rank: 2, alpha: 4, targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj'] };
const experts = { experts: 8, rank: 2, alpha: 4, form: 'ffn', selector: { id: 'top-k', k: 2 } };
const poisson = { id: 'poisson', coefficient: 0.005 };
const normal = { id: 'normal', coefficient: 8 };

const size = {
  'adapter.mixture.experts': `${GMOE}, settings: E = 8`,
  'adapter.mixture.rank': `${GMOE}, settings: R = 2`,
  'adapter.mixture.alpha': `${GMOE}, settings: alpha = 4`,
  'adapter.mixture.selector.k': `${GMOE}, settings: K = 2`,
  'adapter.mixture.form': CODE,
  'adapter.lora': `${CODE}; rank and alpha as the experts'`,
};
const poissonSource = { 'coordination.poisson.coefficient': `${GMOE}: 0.005` };
const normalSource = { 'coordination.normal.coefficient': `${GMOE}: 8` };
const graphSource = { router: `${GMOE}: G = 256, 2 layers, density 0.1 (the graph router's defaults)` };

const gmoe = (id: string, description: string, router: 'graph' | 'linear', coordination: Json[]): MethodPreset => ({
  id,
  description,
  trial: { adapter: { id: 'moe-lora', lora: attention, mixture: experts }, router: { id: router }, coordination },
  sources: {
    ...size,
    ...(router === 'graph' ? graphSource : { router: `${GMOE}, ablation without the graph: softmax of a linear map` }),
    ...(coordination.includes(poisson) ? poissonSource : {}),
    ...(coordination.includes(normal) ? normalSource : {}),
  },
});

/** GMoE, its ablations (Fig. 2) and the baselines of its Table 1. */
export const methodPresets: readonly MethodPreset[] = [
  {
    id: 'lora',
    description: 'plain LoRA on every linear layer, no mixture',
    trial: {
      adapter: {
        lora: {
          rank: 16,
          alpha: 32,
          targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
        },
        mixture: null,
      },
      router: null,
      coordination: [],
    },
    sources: {
      'adapter.lora.rank': 'E x R = 8 x 2 of gmoe: as many trained parameters on the FFN as its experts have',
      'adapter.lora.alpha': `alpha = 2 R, as in ${GMOE}, settings`,
      'adapter.lora.targets': "the project's choice: all sites that gmoe adapts",
    },
  },
  {
    id: 'loramoe',
    description:
      "LoRAMoE (arXiv 2312.09979): every expert for every token. Its localised balancing constraint over two groups of experts is not included: it needs the examples' task types",
    trial: {
      adapter: { id: 'moe-lora', lora: null, mixture: { ...experts, form: 'additive', selector: { id: 'dense' } } },
      router: { id: 'linear' },
      coordination: [],
    },
    sources: {
      'adapter.mixture.selector': 'LoRAMoE: dense, K = E',
      'adapter.mixture.form': 'LoRAMoE: updates summed at each linear layer of the FFN',
      'adapter.mixture.experts': SAME,
      'adapter.mixture.rank': SAME,
      'adapter.lora': 'LoRAMoE adapts the FFN only',
    },
  },
  {
    id: 'ming-moe',
    description: 'MING-MoE (arXiv 2404.09027): top-2 of larger experts, no auxiliary loss',
    trial: {
      adapter: { id: 'moe-lora', lora: null, mixture: { ...experts, rank: 16, alpha: 32, form: 'additive' } },
      router: { id: 'linear' },
      coordination: [],
    },
    sources: {
      'adapter.mixture.rank': `${GMOE}, baselines: R = 16`,
      'adapter.mixture.selector.k': `${GMOE}, baselines: top-2`,
      'adapter.mixture.alpha': "alpha = 2 R, as in gmoe's settings",
      'adapter.mixture.experts': SAME,
      'adapter.mixture.form': 'MING-MoE: updates summed at each linear layer of the FFN',
    },
  },
  {
    id: 'mola',
    description: 'MoLA (arXiv 2402.08562): more experts in higher layers; four runs of layers',
    trial: {
      adapter: { id: 'moe-lora', lora: null, mixture: { ...experts, experts: [5, 7, 9, 11], form: 'additive' } },
      router: { id: 'linear' },
      coordination: [],
    },
    sources: {
      'adapter.mixture.experts': "MoLA's 2-4-6-8 shape, in the 5-7-9-11 of GMoE's comparison: on average 8, as gmoe",
      'adapter.mixture.rank': SAME,
      'adapter.mixture.selector.k': 'MoLA: top-2',
      'adapter.mixture.form': 'MoLA: updates summed at each linear layer; here those of the FFN',
    },
  },
  {
    id: 'mixlora',
    description: 'MixLoRA (arXiv 2404.15159): top-2 FFN experts, load-balance loss, plain LoRA on attention',
    trial: {
      adapter: { id: 'moe-lora', lora: attention, mixture: experts },
      router: { id: 'linear' },
      coordination: [{ id: 'load-balance', coefficient: 0.01 }],
    },
    sources: {
      ...size,
      'adapter.mixture.experts': SAME,
      'adapter.mixture.rank': SAME,
      'adapter.mixture.alpha': SAME,
      'adapter.mixture.selector.k': 'MixLoRA: top-2',
      'coordination.load-balance.coefficient': "0.01 in the GMoE authors' code",
    },
  },
  gmoe('gmoe', 'GMoE: graph router, Poisson distinction and Normal balance', 'graph', [poisson, normal]),
  gmoe('gmoe-no-graph', 'GMoE with a linear router', 'linear', [poisson, normal]),
  gmoe('gmoe-no-poisson', 'GMoE without the Poisson distinction loss', 'graph', [normal]),
  gmoe('gmoe-no-normal', 'GMoE without the Normal balance loss', 'graph', [poisson]),
];
