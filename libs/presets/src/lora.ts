import { definePreset } from '@gmoe/experiment';
import { GMOE } from './sizes.js';

export const lora = definePreset({
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
});
