import { definePreset } from '@gmoe/experiment';
import { EXPERTS, GMOE, SAME } from './sizes.js';

export const mingMoe = definePreset({
  id: 'ming-moe',
  description: 'MING-MoE (arXiv 2404.09027): top-2 of larger experts, no auxiliary loss',
  trial: {
    adapter: { id: 'moe-lora', lora: null, mixture: { ...EXPERTS, rank: 16, alpha: 32, form: 'additive' } },
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
});
