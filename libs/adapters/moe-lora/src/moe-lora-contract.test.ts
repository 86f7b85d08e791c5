import { adapterContract } from '@gmoe/adapters-core/testing';
import { testChecks } from '@gmoe/core/testing';
import { moeLoraAdapter } from './index.js';

const all = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
const size = { experts: 3, rank: 2 };

testChecks(
  'moe-lora keeps the contract',
  adapterContract.checks(moeLoraAdapter, [
    { name: 'ffn', options: { mixture: size } },
    {
      name: 'additive on all sites, dropout',
      options: { lora: null, mixture: { ...size, form: 'additive', targets: all, dropout: 0.25 } },
    },
    {
      name: 'a router for each projection',
      options: {
        lora: { rank: 2, targets: ['q_proj'] },
        mixture: { ...size, form: 'additive', routing: 'projection', targets: ['q_proj', 'o_proj', 'down_proj'] },
      },
    },
  ]),
);
