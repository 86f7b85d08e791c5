import { adapterContract } from '@gmoe/adapters-core/testing';
import { testChecks } from '@gmoe/core/testing';
import { loraAdapter } from './index.js';

const all = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

testChecks(
  'lora keeps the contract',
  adapterContract.checks(loraAdapter, [
    { name: 'defaults' },
    {
      name: 'all sites, patterns, dropout',
      options: {
        targets: all,
        rank: 2,
        rankPattern: { 'layers\\.0\\..*': 3 },
        alphaPattern: { v_proj: 5 },
        dropout: 0.3,
        scaling: 'rslora',
      },
    },
    {
      name: 'one layer and saved modules',
      options: { rank: 2, layers: [1], targets: ['up_proj'], modulesToSave: ['lm_head', 'embed_tokens'] },
    },
  ]),
);
