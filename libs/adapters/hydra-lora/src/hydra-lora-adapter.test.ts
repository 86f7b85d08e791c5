import { adapterContract } from '@gmoe/adapters-core/testing';
import { testChecks } from '@gmoe/core/testing';
import { hydraLoraAdapter } from './index.js';

testChecks(
  'hydra-lora keeps the contract',
  adapterContract.checks(hydraLoraAdapter, [
    { name: 'defaults' },
    { name: 'ffn and output, dropout', options: { targets: ['o_proj', 'down_proj'], experts: 2, dropout: 0.25 } },
  ]),
);
