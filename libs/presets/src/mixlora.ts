import { definePreset } from '@gmoe/experiment';
import { ATTENTION, EXPERTS, SAME, SIZE_SOURCES } from './sizes.js';

export const mixlora = definePreset({
  id: 'mixlora',
  description: 'MixLoRA (arXiv 2404.15159): top-2 FFN experts, load-balance loss, plain LoRA on attention',
  trial: {
    adapter: { id: 'moe-lora', lora: ATTENTION, mixture: EXPERTS },
    router: { id: 'linear' },
    coordination: [{ id: 'load-balance', coefficient: 0.01 }],
  },
  sources: {
    ...SIZE_SOURCES,
    'adapter.mixture.experts': SAME,
    'adapter.mixture.rank': SAME,
    'adapter.mixture.alpha': SAME,
    'adapter.mixture.selector.k': 'MixLoRA: top-2',
    'coordination.load-balance.coefficient': "0.01 in the GMoE authors' code",
  },
});
