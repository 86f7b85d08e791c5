import { adapterContract } from '@gmoe/adapters-core/testing';
import { testChecks } from '@gmoe/core/testing';
import { doraAdapter } from './index.js';

// The norm is a constant to the gradient (section 4.3 of the paper): by A and B it is no derivative.
const partialGradient = /lora_[AB]/;
const all = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

testChecks(
  'dora keeps the contract',
  adapterContract.checks(doraAdapter, [
    { name: 'defaults', partialGradient },
    { name: 'all sites, dropout', options: { targets: all, rank: 2, dropout: 0.3 }, partialGradient },
  ]),
);
