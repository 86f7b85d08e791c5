import { definePreset } from '@gmoe/experiment';
import { EXPERTS, SAME } from './sizes.js';

export const loramoe = definePreset({
  id: 'loramoe',
  description:
    "LoRAMoE (arXiv 2312.09979): every expert for every token. Its localised balancing constraint over two groups of experts is not included: it needs the examples' task types",
  trial: {
    adapter: { id: 'moe-lora', lora: null, mixture: { ...EXPERTS, form: 'additive', selector: { id: 'dense' } } },
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
});
