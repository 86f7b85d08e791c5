import { definePreset } from '@gmoe/experiment';
import { EXPERTS, SAME } from './sizes.js';

export const mola = definePreset({
  id: 'mola',
  description: 'MoLA (arXiv 2402.08562): more experts in higher layers; four runs of layers',
  trial: {
    adapter: { id: 'moe-lora', lora: null, mixture: { ...EXPERTS, experts: [5, 7, 9, 11], form: 'additive' } },
    router: { id: 'linear' },
    coordination: [],
  },
  sources: {
    'adapter.mixture.experts': "MoLA's 2-4-6-8 shape, in the 5-7-9-11 of GMoE's comparison: on average 8, as gmoe",
    'adapter.mixture.rank': SAME,
    'adapter.mixture.selector.k': 'MoLA: top-2',
    'adapter.mixture.form': 'MoLA: updates summed at each linear layer; here those of the FFN',
  },
});
